//! One file per command, or per small family of commands.

mod balance;
mod bundle;
mod compare;
mod contract;
mod curate;
mod describe;
mod device;
mod generate;
mod import;
mod invitations;
mod judging;
mod jury;
mod layers;
mod library;
mod looking;
mod lore;
mod masters;
mod models;
mod project;
mod provenance;
mod publish;
mod rarity;
mod recipes;
mod reference;
mod serve;
mod set_board;
mod target;
pub mod train;
mod traits;

use std::process::ExitCode;

use crate::arguments::Command;
use crate::output::{Failure, Output};

/// Carries `command` out and prints its result. The exit code is 0, or 1 where the result itself is a failed check.
pub fn run(command: Command, output: Output) -> Result<ExitCode, Failure> {
    match command {
        Command::New(arguments) => project::new(&arguments, output)?,
        Command::Models(command) => return models::run(command, output),
        Command::Loras(command) => return library::loras(command, output),
        Command::Prompts(command) => library::prompts(command, output)?,
        Command::Recipes(command) => recipes::run(command, output)?,
        Command::Layers(command) => return layers::run(command, output),
        Command::Train(command) => train::run(command, output)?,
        Command::Generate(arguments) => return generate::generate(*arguments, output),
        Command::Rerun(arguments) => return generate::rerun(&arguments, output),
        Command::Resume(arguments) => return generate::resume(&arguments, output),
        Command::Import(arguments) => return import::import(arguments, output),
        Command::Watch(command) => import::watch(command, output)?,
        Command::List(arguments) => looking::list(&arguments, output)?,
        Command::Facets(arguments) => looking::facets(&arguments, output)?,
        Command::Views(command) => looking::views(&command, output)?,
        Command::Decide(arguments) => curate::decide(&arguments, output)?,
        Command::Mark(arguments) => curate::mark(arguments, output)?,
        Command::Undo(arguments) => curate::undo(arguments, output)?,
        Command::Redo(arguments) => curate::redo(arguments, output)?,
        Command::Rejects(command) => curate::rejects(command, output)?,
        Command::Judge(arguments) => return judging::judge(arguments, output),
        Command::Similar(arguments) => judging::similar(&arguments, output)?,
        Command::Families(arguments) => judging::families(&arguments, output)?,
        Command::Taste(arguments) => judging::taste(&arguments, output)?,
        Command::Coherence(arguments) => judging::coherence(&arguments, output)?,
        Command::Copies(arguments) => return judging::copies(arguments, output),
        Command::Steer(arguments) => judging::steer(&arguments, output)?,
        Command::Board(arguments) => set_board::board(&arguments, output)?,
        Command::Targets(arguments) => set_board::targets(arguments, output)?,
        Command::Traits(command) => return traits::run(command, output),
        Command::Rarity(arguments) => rarity::rarity(&arguments, output)?,
        Command::Lore(command) => return lore::run(command, output),
        Command::Balance(arguments) => return balance::balance(&arguments, output),
        Command::Duel(command) => set_board::duel(command, output)?,
        Command::Curators(command) => jury::curators(command, output)?,
        Command::Invitations(command) => invitations::run(command, output)?,
        Command::Rounds(command) => jury::rounds(command, output)?,
        Command::Vote(arguments) => jury::vote(&arguments, output)?,
        Command::Log(command) => return jury::log(command, output),
        Command::Approve(arguments) => curate::approve(arguments, output)?,
        Command::Masters(command) => return masters::run(command, output),
        Command::Export(arguments) => bundle::export(arguments, output)?,
        Command::Bundles(project) => bundle::list(&project, output)?,
        Command::Rebuild(arguments) => bundle::rebuild(arguments, output)?,
        Command::Target(command) => return target::run(command, output),
        Command::Contract(command) => return contract::run(command, output),
        Command::Publish(command) => publish::run(command, output)?,
        Command::Verify(arguments) => return bundle::verify(arguments, output),
        Command::Bill(arguments) => provenance::bill(arguments, output)?,
        Command::Withdraw(arguments) => return provenance::withdraw(arguments, output),
        Command::Diff(arguments) => provenance::diff(arguments, output)?,
        Command::Cid(arguments) => bundle::cid(&arguments, output)?,
        Command::Agreement(arguments) => return bundle::agreement(arguments, output),
        Command::Device => device::device(output),
        Command::Serve(arguments) => serve::serve(&arguments, output)?,
        Command::Completions(arguments) => reference::completions(&arguments, output),
        Command::Man(arguments) => reference::man(&arguments, output)?,
        Command::Docs => reference::docs(output),
    }
    Ok(ExitCode::SUCCESS)
}
