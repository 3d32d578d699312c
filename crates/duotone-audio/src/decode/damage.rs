use crate::error::Error;

/// What a reader had to leave out.
#[derive(Clone, Copy, Default)]
pub(super) struct Damage {
    /// Packets that could not be decoded.
    pub(super) packets: u64,
    /// Seconds of sound before the first of them.
    first: f64,
    /// The file ended, or became unreadable, before its time.
    pub(super) cut: bool,
}

impl Damage {
    /// Notes a packet that could not be decoded after so many seconds of sound.
    pub(super) fn packet(&mut self, seconds: f64) {
        if self.packets == 0 {
            self.first = seconds;
        }
        self.packets += 1;
    }

    /// At the end of a file of which so many packets were decoded.
    ///
    /// # Errors
    /// [`Error::Malformed`] where that is fewer than could not be.
    pub(super) fn check(&self, decoded: u64) -> Result<(), Error> {
        if self.packets > decoded {
            return Err(Error::Malformed(format!(
                "{} of {} packets could not be decoded; is it audio at all?",
                self.packets,
                self.packets + decoded
            )));
        }
        Ok(())
    }

    /// In words, after `seconds` were decoded of a length that the container may have told.
    pub(super) fn describe(&self, seconds: f64, told: Option<f64>) -> Option<String> {
        let mut words = Vec::new();
        match self.packets {
            0 => {}
            1 => words.push(format!("1 packet could not be decoded near {:.1} s", self.first)),
            n => words.push(format!("{n} packets could not be decoded near {:.1} s", self.first)),
        }
        match told {
            // Told lengths are rounded, estimated from bit rates, or count encoder padding.
            Some(told) if told - seconds > f64::max(0.25, 0.02 * told) => {
                words.push(format!("{:.1} s of {told:.1} s are missing", told - seconds));
            }
            _ if self.cut => words.push(format!("the file breaks off at {seconds:.1} s")),
            _ => {}
        }
        if words.is_empty() { None } else { Some(words.join("; ")) }
    }
}
