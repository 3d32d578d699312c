use crate::error::Error;

/// The parts of a file that a reader could not decode.
#[derive(Clone, Copy, Default)]
pub(super) struct DecodeErrors {
    /// Packets that could not be decoded.
    pub(super) packets: u64,
    /// Seconds of audio before the first of them.
    first: f64,
    /// Whether the file ended, or became unreadable, prematurely.
    pub(super) cut: bool,
}

impl DecodeErrors {
    /// Records a packet that could not be decoded, `seconds` into the recording.
    pub(super) fn packet(&mut self, seconds: f64) {
        if self.packets == 0 {
            self.first = seconds;
        }
        self.packets += 1;
    }

    /// Checks, at the end of a file, that most packets were decoded.
    ///
    /// # Errors
    /// [`Error::Malformed`] if fewer packets could be decoded than not.
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

    /// Describes the errors after `seconds` were decoded, given the length stated by the container.
    pub(super) fn describe(&self, seconds: f64, stated: Option<f64>) -> Option<String> {
        let mut parts = Vec::new();
        match self.packets {
            0 => {}
            1 => parts.push(format!("1 packet could not be decoded near {:.1} s", self.first)),
            n => parts.push(format!("{n} packets could not be decoded near {:.1} s", self.first)),
        }
        match stated {
            // Stated lengths are rounded, estimated from bit rates, or include encoder padding.
            Some(stated) if stated - seconds > f64::max(0.25, 0.02 * stated) => {
                parts.push(format!("{:.1} s of {stated:.1} s are missing", stated - seconds));
            }
            _ if self.cut => parts.push(format!("the file breaks off at {seconds:.1} s")),
            _ => {}
        }
        if parts.is_empty() { None } else { Some(parts.join("; ")) }
    }
}
