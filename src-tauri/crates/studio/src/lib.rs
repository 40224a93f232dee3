//! The studio: what a user can do, one file per verb, over the one list of commands and events in [`api`].
//!
//! Owns the use cases, the run queue with its generator thread, the models folders, the events on their way to hosts,
//! and the mapping of every crate's errors to the one that hosts show. It is the only crate that sees two of diffusion,
//! layers, bundle and catalog at once.
//!
//! Must not know SQL, tensors or any host (window, browser, terminal). No lock is held while a picture is made: the
//! curator never waits for the generator. Clock and chance come in with [`StudioOptions`].

// Commands take their requests by value: `dispatch` hands over what it parsed.
#![allow(clippy::needless_pass_by_value)]

pub mod api;

mod access;
mod add_model;
mod agreement;
mod approve;
mod background;
mod balance;
mod balance_order;
mod bare;
mod beat;
mod bundle_diff;
mod candidates;
mod captioners;
mod check_contract;
mod check_layers;
mod compare_model;
mod contract;
mod copy_risks;
mod curators;
mod decide;
mod decision_log;
mod describe_pictures;
mod digital_source;
mod duels;
mod error;
mod events;
mod export;
mod follow;
mod foreign;
mod foreign_facts;
mod frames;
mod gateway_checks;
mod generator;
mod import;
mod import_layers;
mod import_pictures;
mod import_recipe;
mod invitations;
mod judge;
mod judging;
mod layered;
mod logs;
mod lore;
mod lore_endpoint;
mod lore_models;
mod lore_voice;
mod masters;
mod materials;
mod model_watch;
mod models;
mod options;
mod order;
mod order_again;
mod pace;
mod paint_layers;
mod painter;
mod parameters;
mod picture;
mod plan_contract;
mod plan_publication;
mod prepare_transaction;
mod priority;
mod project_status;
mod publications;
mod publish;
mod queue;
mod queue_status;
mod rarity;
mod rebuild_bundle;
mod recipe_traits;
mod rejects;
mod rounds;
mod runs;
pub mod sample;
mod saved_recipes;
mod saved_views;
mod send_transaction;
mod set_board;
mod settings;
mod shelf;
mod start_run;
mod steer_run;
mod steering;
mod store_picture;
mod studio;
mod tag_by_captions;
mod tag_by_words;
mod tag_traits;
mod target;
mod templates;
pub mod train_base;
pub mod train_critic;
pub mod train_encoder;
mod trait_order;
mod trait_schema;
mod trait_table;
mod undo;
mod verify;
mod verify_gateway;
mod visual_weight;
mod watch_folder;
mod who;
mod without_project;
mod write_lore;

pub use add_model::{add_model, remove_model};
pub use agreement::cid_agreement;
pub use api::{ApiError, ErrorCode, Event, dispatch};
pub use bundle_diff::diff_bundles;
pub use captioners::captioners_in;
pub use check_contract::check_contract;
pub use compare_model::{Comparison, compare_model};
pub use events::Subscription;
pub use import_recipe::request_of;
pub use invitations::Guest;
pub use materials::{bundle_materials, withdraw_source};
pub use models::{check_lora, check_model, loras_in, models_in};
pub use options::{
    CPU_BATCH, Clock, DevicePreference, SeedSource, StudioOptions, default_model_folders, system_time,
};
pub use painter::{DeviceReport, PassedOver, device_report};
pub use plan_contract::plan_contract;
pub use prepare_transaction::prepare_transaction;
pub use publications::set_publication_key;
/// The allocator that programs which paint should run on; see there.
pub use salon_diffusion::memory::Recycler;
pub use send_transaction::send_transaction;
pub use studio::Studio;
pub use target::{check_target, targets, write_target};
pub use templates::resolve_template;
pub use verify_gateway::verify_gateway;
pub use without_project::{
    BundleProgress, CarFile, CarVersion, CidReport, Profile, RenderLayers, RenderedLayers, check_layers,
    content_id, render_layers, verify_bundle,
};
