//! `salon publish`: a bundle on its way to where its user said.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};
use salon_domain::PublicationId;

use super::{ProjectArgument, row_id};

/// What a command that sends prints.
const SENDING: &str = "Nothing leaves before you agree to what goes where: the machine, the root and the bytes. Answer the question, or say \
     --yes. The CAR is read back first; a machine that answers another root is an error. Cut off by Ctrl-C, a kill or a broken \
     line, the same command or `salon publish resume` goes on from what has arrived.\n\n\
     The key is kept in the keyring of this system by `salon publish key`; where there is none, SALON_PUBLISH_KEY is read.\n\n\
     JSON keys: publication, bundle, kind, host, destination (address, in_the_clear, service), root_cid, bytes, arrived, sent, \
     at_most, state (under_way, stopped or done), said, began_at, changed_at. With --json the question is not asked: --yes must be said.";

/// `salon publish`.
#[derive(Debug, Subcommand)]
pub enum PublishCommand {
    /// Import a bundle's CAR into a kubo node, or a service that speaks like one, and have its root pinned.
    #[command(after_long_help = SENDING)]
    Kubo {
        #[command(flatten)]
        sending: Sending,
    },
    /// Ask a pinning service for a pin of a bundle's root. It fetches the blocks itself, from a node that it can reach.
    #[command(after_long_help = SENDING)]
    Pinning {
        #[command(flatten)]
        sending: Sending,
        /// What the pin is called; the bundle folder's name when absent.
        #[arg(long, value_name = "TEXT")]
        name: Option<String>,
        /// A multiaddress of a node that has the blocks; may be given up to 20 times.
        #[arg(long = "origin", value_name = "MULTIADDRESS")]
        origins: Vec<String>,
    },
    /// Upload a bundle's CAR to an S3-compatible store, part by part.
    #[command(after_long_help = SENDING)]
    S3 {
        #[command(flatten)]
        sending: Sending,
        /// The bucket.
        #[arg(long, value_name = "NAME")]
        bucket: String,
        /// The store's region.
        #[arg(long, value_name = "NAME", default_value = "us-east-1")]
        region: String,
        /// The object's name; the root and `.car` when absent.
        #[arg(long, value_name = "NAME")]
        object: Option<String>,
        /// Have the store import the CAR as IPFS blocks, as Filebase does: its root must be ours.
        #[arg(long)]
        import: bool,
        /// MiB of a part; 8, or more where the store's 10,000 parts ask for it. Most stores take none under 5.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=5120))]
        part_mib: Option<u32>,
    },
    /// List what was published, what is unfinished, and what looks through gateways found.
    #[command(
        after_long_help = "JSON keys: publications (each as of `salon publish kubo`), checks (each: bundle, host, root_cid, looked_at, \
                                 ok, fault, by (blocks or files), held, missing, changed, extra, more, tokens, whole; fault says why a \
                                 look came to no end)."
    )]
    List {
        #[command(flatten)]
        project: ProjectArgument,
    },
    /// Go on with a publication that stopped. What you agreed to when it began holds.
    #[command(after_long_help = "JSON: as of `salon publish kubo`.")]
    Resume {
        #[command(flatten)]
        project: ProjectArgument,
        /// The publication.
        #[arg(value_name = "ID", value_parser = row_id(PublicationId))]
        publication: PublicationId,
        /// Another cap.
        #[arg(long, value_name = "BYTES")]
        at_most: Option<u64>,
    },
    /// Forget a publication. What has arrived stays where it is; parts of an upload that did not are dropped at the store first.
    #[command(
        after_long_help = "A store is told to drop the parts of an unfinished upload (AbortMultipartUpload) with the key that is \
                                 kept for it; nobody else is asked. Where that fails the publication is kept, and it is said how \
                                 the parts are removed by hand.\n\n\
                                 JSON: the publications that are left, an array of objects as of `salon publish kubo`."
    )]
    Forget {
        #[command(flatten)]
        project: ProjectArgument,
        /// The publication.
        #[arg(value_name = "ID", value_parser = row_id(PublicationId))]
        publication: PublicationId,
        /// Forget it here alone: parts of an unfinished upload stay at the store, which may charge for them.
        #[arg(long)]
        leave_parts: bool,
    },
    /// Keep the key of a machine, read from standard input, in the keyring of this system; an empty one is forgotten.
    #[command(after_long_help = "For S3 it is ID:SECRET.\n\nJSON keys: host, has_key.")]
    Key {
        /// The machine's address.
        #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
        to: String,
    },
}

/// What is sent, and to whom.
#[derive(Debug, Args)]
pub struct Sending {
    #[command(flatten)]
    pub project: ProjectArgument,
    /// The bundle's folder, exported from the project; the newest when absent.
    #[arg(value_name = "BUNDLE", value_hint = ValueHint::DirPath)]
    pub bundle: Option<PathBuf>,
    /// The machine's address: nobody else is called.
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub to: String,
    /// Call it without TLS although it is not this machine: everybody on the way reads the key.
    #[arg(long)]
    pub in_the_clear: bool,
    /// Let no more bytes leave than this, repeated ones counted again.
    #[arg(long, value_name = "BYTES")]
    pub at_most: Option<u64>,
    /// Agree to what would be sent, without being asked.
    #[arg(long)]
    pub yes: bool,
}
