//! The course of events, the same for all dialects: shares at exponential gaps, jobs on a clock,
//! a difficulty that follows the miner, some rejects.

use crate::conversation::Speaker::{Miner, Pool};
use crate::conversation::{Conversation, Script, Speaker, Tag};
use crate::dialect::grammar::Grammar;
use crate::plan::{Plan, micros};
use crate::rng::Rng;

/// Time between two changes of difficulty at least, in microseconds.
const RETARGET: u64 = 60_000_000;

/// Ids of submissions start here: above every id of a greeting.
const FIRST_ID: u64 = 40;

struct Course<'a> {
    grammar: &'a mut dyn Grammar,
    rng: &'a mut Rng,
    /// As given, but with the difficulty in force.
    plan: Plan,
    /// The difficulty at which shares come every `share_gap`.
    fair: f64,
    script: Script,
    /// When the difficulty was set last, and the shares since.
    retargeted: (u64, usize),
    /// When the pool has answered everything so far.
    answered: u64,
}

/// Lets a miner and a pool speak.
pub(crate) fn run(grammar: &mut dyn Grammar, plan: &Plan, rng: &mut Rng) -> Conversation {
    let hashrate = grammar.hashes(plan) / plan.share_gap;
    let mut working = Plan { hashrate, ..plan.clone() };
    if plan.vardiff {
        working.difficulty = rounded(plan.difficulty / 2.0);
    }
    let fair = plan.difficulty;
    let script = Script::default();
    let retargeted = (0, 0);
    let mut course = Course { grammar, rng, plan: working, fair, script, retargeted, answered: 0 };
    course.run();
    let mut conversation = course.script.finish();
    conversation.facts.hashrate_hs = Some(hashrate);
    conversation
}

impl Course<'_> {
    fn run(&mut self) {
        if self.plan.server_first {
            let greeting = self.grammar.greeting(&self.plan);
            self.line(Pool, &greeting);
        }
        self.grammar.hello(&mut self.script, &self.plan, self.rng);
        if self.plan.refuse {
            return self.refuse();
        }
        self.react();
        let mut share = self.share_gap();
        let mut job = self.job_gap();
        let batch = self.plan.batch.max(1);
        for first in (0..self.plan.shares).step_by(batch) {
            let numbers = first..self.plan.shares.min(first + batch);
            for _ in numbers.clone().skip(1) {
                share += self.share_gap();
            }
            while job < share {
                self.script.wait(job);
                share = self.job(share - job);
                job = self.job_gap();
            }
            job -= share;
            self.script.wait(share);
            share = self.shares(numbers);
            // What was said took time; blocks do not wait for it.
            job = job.min(self.until_block().unwrap_or(job));
        }
        if let Some((host, port)) = self.plan.redirect.clone() {
            let text = self.grammar.redirect(&host, port);
            self.line(Pool, &text);
        }
    }

    fn line(&mut self, from: Speaker, text: &str) {
        self.script.say(from, self.grammar.bytes(text));
    }

    fn share_gap(&mut self) -> u64 {
        micros(self.rng.exponential(self.plan.share_gap * self.plan.difficulty / self.fair))
    }

    fn job_gap(&self) -> u64 {
        let longest = micros(self.plan.job_gap);
        self.until_block().map_or(longest, |block| block.min(longest))
    }

    fn until_block(&self) -> Option<u64> {
        self.plan.blocks.as_ref()?.until_next(self.script.now())
    }

    /// Cuts the greeting after the login.
    fn refuse(&mut self) {
        let messages = &mut self.script.conversation.messages;
        if let Some(login) = messages.iter().rposition(|message| message.tag == Tag::Login) {
            messages.truncate(login + 1);
        }
        let refusal = self.grammar.refuse();
        self.line(Pool, &refusal);
        self.script.tag(Tag::Refusal);
    }

    /// New work, perhaps harder. Returns the time to the next share, which was `share`.
    fn job(&mut self, share: u64) -> u64 {
        let ratio = self.retarget();
        if let Some(poll) = self.grammar.poll() {
            self.line(Miner, &poll);
        }
        let job = self.grammar.job(&self.plan, self.rng);
        self.line(Pool, &job);
        self.script.tag(Tag::Job(self.plan.difficulty));
        self.react();
        // Mining has no memory: what is left of the gap grows with the difficulty.
        if ratio == 1.0 { share } else { (share as f64 * ratio) as u64 }
    }

    fn react(&mut self) {
        if let Some((request, answer)) = self.grammar.after_job(FIRST_ID - 1, self.rng) {
            self.line(Miner, &request);
            self.line(Pool, &answer);
        }
    }

    /// Sets the difficulty by the shares since the last time. Returns how much harder it became.
    fn retarget(&mut self) -> f64 {
        let (since, shares) = self.retargeted;
        let now = self.script.now();
        if !self.plan.vardiff || now - since < RETARGET {
            return 1.0;
        }
        self.retargeted = (now, 0);
        let measured = (now - since) as f64 / 1e6 / shares.max(1) as f64;
        let old = self.plan.difficulty;
        let wanted = rounded(old * (self.plan.share_gap / measured).clamp(0.5, 2.0));
        // Pools leave small differences alone.
        if (wanted / old - 1.0).abs() < 0.2 {
            return 1.0;
        }
        self.plan.difficulty = wanted;
        if let Some(text) = self.grammar.retarget(&self.plan) {
            self.line(Pool, &text);
        }
        wanted / old
    }

    /// Shares that are handed in at once, then the answers. Returns the time to the next share.
    fn shares(&mut self, numbers: std::ops::Range<usize>) -> u64 {
        let id = |plan: &Plan, number: usize| {
            if plan.reuse_ids { 4 } else { FIRST_ID + 2 * number as u64 }
        };
        let hashes = self.grammar.hashes(&self.plan);
        for number in numbers.clone() {
            let share = self.grammar.submit(id(&self.plan, number), &self.plan, self.rng);
            self.line(Miner, &share);
            self.script.tag(Tag::Share { number, hashes });
            self.retargeted.1 += 1;
        }
        let next = self.share_gap();
        let answered = self.plan.shares.saturating_sub(self.plan.unanswered);
        for number in numbers.clone().filter(|number| *number < answered) {
            let accepted = !self.rng.chance(self.plan.rejects);
            let id = id(&self.plan, number);
            let answer = if accepted { self.grammar.accept(id) } else { self.grammar.reject(id) };
            if answer.is_empty() {
                continue;
            }
            self.line(Pool, &answer);
            self.script.tag(Tag::Answer { number, accepted });
            if self.plan.lateness > 0.0 {
                let late = self.script.now() + micros(self.rng.unit() * self.plan.lateness);
                self.answered = self.answered.max(late);
                self.script.postpone(self.answered);
            }
        }
        let own_id = if self.plan.reuse_ids { 6 } else { id(&self.plan, numbers.end - 1) + 1 };
        if self.rng.chance(0.2)
            && let Some((request, answer)) = self.grammar.chatter(own_id, self.rng)
        {
            self.line(Miner, &request);
            if let Some(answer) = answer {
                self.line(Pool, &answer);
            }
        }
        next
    }
}

/// A difficulty that a pool would choose.
pub(crate) fn rounded(difficulty: f64) -> f64 {
    if difficulty >= 16.0 { difficulty.round() } else { (difficulty * 64.0).ceil() / 64.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;

    fn mean_gap(conversation: &Conversation) -> f64 {
        let shares =
            |message: &&crate::conversation::Message| matches!(message.tag, Tag::Share { .. });
        let times: Vec<u64> =
            conversation.messages.iter().filter(shares).map(|message| message.at).collect();
        (times[times.len() - 1] - times[0]) as f64 / 1e6 / (times.len() - 1) as f64
    }

    #[test]
    fn the_work_in_the_shares_matches_the_hashrate_whatever_the_difficulty_does() {
        for vardiff in [false, true] {
            let plan = Plan { shares: 2000, vardiff, ..Dialect::Monero.typical() };
            let conversation = Dialect::Monero.converse(&plan, &mut Rng::new(5));
            let hashes: f64 = conversation
                .messages
                .iter()
                .filter_map(|message| match message.tag {
                    Tag::Share { hashes, .. } => Some(hashes),
                    _ => None,
                })
                .sum();
            let seconds = conversation.end() as f64 / 1e6;
            let hashrate = conversation.facts.hashrate_hs.unwrap();
            let ratio = hashes / seconds / hashrate;
            assert!((0.93..1.07).contains(&ratio), "vardiff {vardiff}: {ratio}");
        }
    }

    #[test]
    fn a_pool_with_vardiff_finds_the_share_gap_that_it_aims_at() {
        let plan = Plan { shares: 500, vardiff: true, ..Dialect::Bitcoin.typical() };
        let conversation = Dialect::Bitcoin.converse(&plan, &mut Rng::new(1));
        assert!((11.0..20.0).contains(&mean_gap(&conversation)), "{}", mean_gap(&conversation));
    }

    #[test]
    fn late_answers_stay_in_order() {
        let plan = Plan { lateness: 20.0, ..Dialect::Browser.typical() };
        let conversation = Dialect::Browser.converse(&plan, &mut Rng::new(3));
        assert!(conversation.messages.is_sorted_by_key(|message| message.at));
        let answers: Vec<usize> = conversation
            .messages
            .iter()
            .filter_map(|message| match message.tag {
                Tag::Answer { number, .. } => Some(number),
                _ => None,
            })
            .collect();
        assert!(answers.is_sorted());
    }
}
