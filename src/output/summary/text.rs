//! The summary as text for a terminal, plain lines without boxes.

use std::fmt::Write;
use std::time::Duration;

use super::figures::{bytes, clock, counts, grouped, moment};
use super::{Screen, Totals, hosts};
use crate::model::text::printable;

/// Problems shown; the JSON summary has all of them.
const MAX_PROBLEMS: usize = 20;
/// Width of the labels on the left of a section.
const LABEL: usize = 9;

pub(super) fn render(totals: &Totals<'_>, screen: Screen) -> String {
    let mut page = Page::new(screen);
    hosts::render(totals, &mut page);
    page.title("Analysed (times in UTC)");
    packets(totals, &mut page);
    flows(totals, &mut page);
    latency(totals, &mut page);
    losses(totals, &mut page);
    problems(totals, &mut page);
    page.text
}

fn packets(totals: &Totals<'_>, page: &mut Page) {
    let (capture, decode) = (totals.capture, totals.decode);
    let mut text = format!("{} ({})", grouped(capture.packets), bytes(capture.bytes));
    if let Some((first, last)) = totals.span {
        let _ = write!(text, " from {} to {}", moment(first), clock(last, first));
    }
    page.entry("packets", &text);
    let kinds = [
        ("IPv4", decode.ipv4),
        ("IPv6", decode.ipv6),
        ("TCP", decode.tcp),
        ("UDP", decode.udp),
        ("other", decode.other),
        ("VLAN", decode.vlan),
        ("tunnelled", decode.tunnelled),
        ("reassembled", decode.reassembled),
    ];
    page.entry("decoded", &counts(&kinds));
    let stops: Vec<_> = decode.stops().map(|(reason, count)| (reason.name(), count)).collect();
    page.entry("stopped", &counts(&stops));
}

fn flows(totals: &Totals<'_>, page: &mut Page) {
    let flow = totals.flow;
    let kinds = [
        ("TCP", flow.tcp),
        ("UDP", flow.udp),
        ("at once", flow.peak),
        ("under way before", flow.midstream),
    ];
    page.entry("flows", &format!("{} ({})", grouped(flow.opened), counts(&kinds)));
    let repairs = [
        ("out of order", flow.out_of_order),
        ("bytes sent again", flow.retransmitted_bytes),
        ("gaps", flow.gaps),
        ("bytes lost", flow.lost_bytes),
        ("strays", flow.strays),
    ];
    page.entry("streams", &counts(&repairs));
}

fn latency(totals: &Totals<'_>, page: &mut Page) {
    let Some(latency) = totals.latency else { return };
    let millis = |delay: Duration| format!("{:.1} ms", delay.as_secs_f64() * 1e3);
    let (median, p99) = (millis(latency.median), millis(latency.p99));
    page.entry("latency", &format!("{median} from packet to alert, 99 % within {p99}"));
}

/// Lists everything that was not analysed, whatever the cause.
fn losses(totals: &Totals<'_>, page: &mut Page) {
    let (capture, decode) = (totals.capture, totals.decode);
    let losses = [
        ("by the kernel", capture.kernel_drops),
        ("by the interface", capture.interface_drops),
        ("of unsupported link type", capture.unsupported),
        ("by the filter", capture.filtered),
        ("cut by the snap length", decode.cut),
        ("fragments given up", decode.fragments_dropped),
        ("flows given up", totals.flow.evicted),
    ];
    page.warning("dropped", &counts(&losses));
    let shed = capture.bypassed;
    if shed.packets > 0 {
        let time = Duration::from_millis(shed.milliseconds).as_secs_f64();
        let size = bytes(shed.bytes);
        let text = format!("{} ({size}) of settled flows in {time:.1} s", grouped(shed.packets));
        page.warning("shed", &text);
    }
}

fn problems(totals: &Totals<'_>, page: &mut Page) {
    let capture = totals.capture;
    for problem in capture.problems.iter().take(MAX_PROBLEMS) {
        page.warning("problem", &problem.to_string());
    }
    let unseen = capture.problems.len().saturating_sub(MAX_PROBLEMS) as u64;
    let more = unseen + capture.problems_omitted;
    if more > 0 {
        page.warning("problem", &format!("and {} more", grouped(more)));
    }
    for name in &capture.waiting_for {
        page.warning("waiting", &format!("for {name}"));
    }
}

/// Colours of a terminal (ECMA-48 SGR parameters).
#[derive(Clone, Copy)]
pub(super) enum Colour {
    Bold,
    Dim,
    Red,
    Yellow,
    Cyan,
}

impl Colour {
    const fn code(self) -> &'static str {
        match self {
            Colour::Bold => "1",
            Colour::Dim => "2",
            Colour::Red => "1;31",
            Colour::Yellow => "33",
            Colour::Cyan => "36",
        }
    }
}

/// Lines that fit the width of the screen and have only printable characters.
pub(super) struct Page {
    text: String,
    screen: Screen,
}

impl Page {
    fn new(screen: Screen) -> Self {
        Page { text: String::new(), screen }
    }

    pub(super) fn title(&mut self, text: &str) {
        self.coloured(text, Colour::Bold);
    }

    pub(super) fn line(&mut self, text: &str) {
        let text = self.fit(text);
        self.text.push_str(&text);
        self.text.push('\n');
    }

    pub(super) fn coloured(&mut self, text: &str, colour: Colour) {
        if !self.screen.colour {
            return self.line(text);
        }
        let text = self.fit(text);
        let _ = writeln!(self.text, "\u{1b}[{}m{text}\u{1b}[0m", colour.code());
    }

    /// Adds a label with its text, or nothing if the text is empty.
    pub(super) fn entry(&mut self, label: &str, text: &str) {
        self.labelled(label, text, None);
    }

    /// Adds an entry in the colour of a warning; see [`Page::entry`].
    pub(super) fn warning(&mut self, label: &str, text: &str) {
        self.labelled(label, text, Some(Colour::Yellow));
    }

    /// Adds a labelled text, broken between words; further lines are indented like the first.
    fn labelled(&mut self, label: &str, text: &str, colour: Option<Colour>) {
        let mut label = label;
        for part in wrap(&printable(text), self.screen.columns.saturating_sub(LABEL + 3)) {
            let line = format!("  {label:<LABEL$} {part}");
            match colour {
                Some(colour) => self.coloured(&line, colour),
                None => self.line(&line),
            }
            label = "";
        }
    }

    /// The text, printable, and cut with `...` where the screen ends.
    fn fit(&self, text: &str) -> String {
        super::figures::cut(printable(text).trim_end(), self.screen.columns)
    }
}

/// Lines of at most `width` characters, broken at blanks where there are any.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
