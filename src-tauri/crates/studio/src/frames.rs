//! The painted-frame rule: a decision carries what ties it to the picture that was painted when the key went down.

use salon_domain::{CandidateId, Digest, Frame, Seen};

use crate::api::{ApiError, ErrorCode};
use crate::studio::Inner;

/// Makes the frames of one open studio. Another opening has others, so that what an old page shows decides nothing.
pub(crate) struct Frames {
    key: [u8; 16],
}

impl Frames {
    pub(crate) fn draw() -> Result<Self, ApiError> {
        let mut key = [0; 16];
        getrandom::fill(&mut key).map_err(|fault| {
            ApiError::internal(format!("the operating system gave no random numbers: {fault}"))
        })?;
        Ok(Self { key })
    }

    pub(crate) fn of(&self, candidate: CandidateId, picture: &Digest) -> Frame {
        Frame::of(&self.key, candidate, picture)
    }
}

impl Inner {
    /// Refuses a picture that is not what its frame was given out for. What names no frame passes.
    pub(crate) fn check_seen(&self, seen: &[Seen]) -> Result<(), ApiError> {
        for one in seen {
            let Some(frame) = one.frame else { continue };
            let picture = self.project.picture_of(one.candidate)?;
            if self.frames.of(one.candidate, &picture) != frame {
                return Err(ApiError::new(
                    ErrorCode::NotWhatWasSeen,
                    format!(
                        "the picture that was seen is not that of candidate {}",
                        one.candidate
                    ),
                    &["Nothing was changed. Look at the picture again, then decide."],
                ));
            }
        }
        Ok(())
    }
}
