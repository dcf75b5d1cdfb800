//! (being written)
pub struct Intel;
impl Intel {
    pub fn name(&self, _: &str) -> Option<crate::model::finding::Hit> {
        None
    }
    pub fn url(&self, _: &str, _: &str) -> Option<crate::model::finding::Hit> {
        None
    }
    pub fn endpoint(&self, _: std::net::IpAddr, _: u16) -> Option<crate::model::finding::Hit> {
        None
    }
}
