//! The painted-frame rule: a decision carries what ties it to the picture that was painted when the key went down.

use salon_domain::{CandidateId, CanonicalHasher, Digest, Frame, RoundId, Seen};

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

    /// The frame of a picture at one place of a juror's ballot. Another place has another, also for the same picture:
    /// nobody tells a hidden repeat by it.
    pub(crate) fn of_place(
        &self,
        round: RoundId,
        juror: &str,
        place: u32,
        (candidate, picture): (CandidateId, &Digest),
    ) -> Frame {
        let key = CanonicalHasher::new("salon ballot frame 1")
            .bytes(&self.key)
            .integer(round.0)
            .text(juror)
            .integer(place.into())
            .finish();
        Frame::of(&key.0, candidate, picture)
    }
}

impl Inner {
    /// Refuses what was not seen as its frame says. What names no frame passes.
    pub(crate) fn check_seen(&self, seen: &[Seen]) -> Result<(), ApiError> {
        let framed: Vec<(CandidateId, Frame)> = seen
            .iter()
            .filter_map(|one| Some((one.candidate, one.frame?)))
            .collect();
        if framed.is_empty() {
            return Ok(());
        }
        let ids: Vec<CandidateId> = framed.iter().map(|(candidate, _)| *candidate).collect();
        let pictures = self.project.pictures_of(&ids)?;
        for ((candidate, frame), picture) in framed.into_iter().zip(&pictures) {
            self.check_frame(candidate, picture, frame)?;
        }
        Ok(())
    }

    /// The digest of a candidate's picture; refused when it is asked for under another picture's frame.
    pub(crate) fn picture_seen(
        &self,
        candidate: CandidateId,
        frame: Option<Frame>,
    ) -> Result<Digest, ApiError> {
        let picture = self.project.picture_of(candidate)?;
        if let Some(frame) = frame {
            self.check_frame(candidate, &picture, frame)?;
        }
        Ok(picture)
    }

    fn check_frame(&self, candidate: CandidateId, picture: &Digest, frame: Frame) -> Result<(), ApiError> {
        if self.frames.of(candidate, picture) == frame {
            return Ok(());
        }
        Err(ApiError::new(
            ErrorCode::NotWhatWasSeen,
            format!("the picture that was seen is not that of candidate {candidate}"),
            &["Nothing was changed. Look at the picture again, then decide."],
        ))
    }
}
