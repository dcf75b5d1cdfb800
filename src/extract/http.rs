//! Events of HTTP/1 requests and responses.
//!
//! Each has its own record, since parsers do not wait for the other half.

use std::borrow::Cow;

use minewatch_record::HttpEvent;

use crate::model::event::{HttpRequest, HttpResponse};

pub(super) fn request(request: &HttpRequest<'_>) -> HttpEvent {
    HttpEvent::Request {
        method: request.method.clone().into_owned(),
        target: request.target.clone().into_owned(),
        authority: request.authority.clone().map(Cow::into_owned),
        user_agent: request.user_agent.clone().map(Cow::into_owned),
        version: request.version.clone().map(Cow::into_owned),
    }
}

pub(super) fn response(response: &HttpResponse<'_>) -> HttpEvent {
    HttpEvent::Response {
        status: response.status,
        content_type: response.content_type.clone().map(Cow::into_owned),
        version: response.version.clone().into_owned(),
    }
}
