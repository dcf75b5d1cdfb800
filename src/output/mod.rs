//! tmp
pub mod eve_events {
    #[derive(Clone, Copy, Default, Debug)]
    pub struct EventKinds;
    impl EventKinds {
        pub fn any(&self) -> bool {
            false
        }
    }
    pub fn record(
        _: &crate::model::Flow,
        _: crate::model::event::Moment,
        _: &crate::model::Event<'_>,
        _: EventKinds,
        _: Option<&str>,
    ) -> Option<String> {
        None
    }
}
pub mod native {
    pub fn line(a: &crate::model::Alert) -> String {
        serde_json::to_string(a).unwrap()
    }
}
