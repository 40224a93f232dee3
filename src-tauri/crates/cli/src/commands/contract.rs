//! `salon contract`: the collection's contract on EVM chains.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use salon_studio::api::{
    CheckContract, ContractAction, ContractPlan, ContractReport, MinedTransaction, PlanContract,
    PrepareTransaction, PreparedTransaction, SendTransaction,
};
use serde::Serialize;

use crate::arguments::{ContractAt, ContractCommand, ContractSender, ContractTerms};
use crate::open;
use crate::output::{Failure, Output, count};

/// Carries out `salon contract …`.
pub fn run(command: ContractCommand, output: Output) -> Result<ExitCode, Failure> {
    match command {
        ContractCommand::Plan { terms, owner } => {
            let plan = salon_studio::plan_contract(&plan(terms, owner))?;
            output.print(&plan, planned);
        }
        ContractCommand::Deploy(arguments) => {
            let owner = arguments.owner.unwrap_or_else(|| arguments.sender.from.clone());
            let what = ContractAction::Deploy(plan(arguments.terms, owner));
            transact(arguments.node.node, None, what, &arguments.sender, output)?;
        }
        ContractCommand::Mint { at, to, count } => {
            at_contract(at, ContractAction::Mint { to, count }, output)?;
        }
        ContractCommand::SetBaseUri { bundle, at } => {
            at_contract(at, ContractAction::SetBaseUri { bundle }, output)?;
        }
        ContractCommand::Reveal { bundle, at } => at_contract(at, ContractAction::Reveal { bundle }, output)?,
        ContractCommand::Freeze { at } => at_contract(at, ContractAction::Freeze, output)?,
        ContractCommand::Check {
            bundle,
            node,
            contract,
            project,
        } => {
            let request = CheckContract {
                node: node.node,
                contract,
                bundle,
            };
            let report = match project {
                Some(project) => open::to_look(&project)?.check_contract(request)?,
                None => salon_studio::check_contract(&request)?,
            };
            output.print(&report, told);
            if !report.ok {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn plan(terms: ContractTerms, owner: String) -> PlanContract {
    PlanContract {
        bundle: terms.bundle,
        name: terms.name,
        symbol: terms.symbol,
        owner,
        placeholder_uri: terms.placeholder,
        royalty_receiver: terms.royalty_receiver,
        royalty_basis_points: terms.royalties,
    }
}

fn at_contract(at: ContractAt, what: ContractAction, output: Output) -> Result<(), Failure> {
    transact(at.node.node, Some(at.contract), what, &at.sender, output)
}

/// A transaction, and what became of it.
#[derive(Serialize)]
struct Done {
    #[serde(flatten)]
    prepared: PreparedTransaction,
    #[serde(skip_serializing_if = "Option::is_none")]
    mined: Option<MinedTransaction>,
}

fn transact(
    node: String,
    contract: Option<String>,
    what: ContractAction,
    sender: &ContractSender,
    output: Output,
) -> Result<(), Failure> {
    let prepared = salon_studio::prepare_transaction(&PrepareTransaction {
        node: node.clone(),
        from: sender.from.clone(),
        contract,
        what,
    })?;
    if let Some(out) = &sender.out {
        save(&prepared, out)?;
    }
    let mined = if sender.send {
        let transaction = prepared.transaction.clone();
        Some(salon_studio::send_transaction(SendTransaction {
            node,
            transaction,
        })?)
    } else {
        None
    };
    let done = Done { prepared, mined };
    output.print(&done, |done| carried_out(done, sender.out.as_deref()));
    Ok(())
}

fn save(prepared: &PreparedTransaction, out: &Path) -> Result<(), Failure> {
    let written = serde_json::to_string_pretty(&prepared.transaction)
        .map_err(std::io::Error::other)
        .and_then(|text| writeln!(File::create_new(out)?, "{text}"));
    written.map_err(|fault| Failure::unwritable(out, &fault))
}

fn planned(plan: &ContractPlan) -> String {
    let royalty = plan.royalty.as_ref().map_or_else(
        || "none".to_owned(),
        |royalty| {
            format!(
                "{}.{:02} % to {}",
                royalty.basis_points / 100,
                royalty.basis_points % 100,
                royalty.receiver
            )
        },
    );
    format!(
        "{} ({}), {}\nowner       {}\nprovenance  {}\nbase URI    {}\ncontract    {}\nplaceholder {}\nroyalties   {royalty}\n\
         approved    {}\nbuilt by    {}, OpenZeppelin {}\nbytecode    {}",
        plan.name,
        plan.symbol,
        count(plan.max_supply, "token", "tokens"),
        plan.owner,
        plan.provenance_hash,
        plan.base_uri,
        plan.contract_uri,
        if plan.placeholder_uri.is_empty() {
            "none"
        } else {
            &plan.placeholder_uri
        },
        plan.approval_hash,
        plan.compiler,
        plan.openzeppelin,
        plan.bytecode_sha256,
    )
}

fn carried_out(done: &Done, out: Option<&Path>) -> String {
    let prepared = &done.prepared;
    let mut text = format!(
        "{} on chain {}, contract {}\ngas      {}\ncosts    {} ETH, at most {} ETH; the account has {} ETH",
        prepared.call,
        prepared.chain_id,
        prepared.contract,
        prepared.gas,
        ether(&prepared.likely_wei),
        ether(&prepared.most_wei),
        ether(&prepared.balance_wei)
    );
    if let Some(out) = out {
        let _ = write!(text, "\nunsigned {}", out.display());
    }
    match &done.mined {
        Some(mined) => {
            let _ = write!(
                text,
                "\nMined in block {} as {}: {} gas, {} ETH.",
                mined.block,
                mined.hash,
                mined.gas,
                ether(&mined.cost_wei)
            );
        }
        None if out.is_none() => {
            text.push_str("\nThe chain would take it. --out FILE saves it for your wallet.");
        }
        None => text.push_str("\nThe chain would take it. Sign and send it with your wallet."),
    }
    text
}

/// Wei in ether, to a millionth of one; the currency's unit on every EVM chain has 18 places.
fn ether(wei: &str) -> String {
    let padded = format!("{wei:0>19}");
    let (whole, places) = padded.split_at(padded.len() - 18);
    let shown = &places[..6];
    if shown == "000000" && whole == "0" && wei != "0" {
        return "less than 0.000001".to_owned();
    }
    format!("{whole}.{shown}")
}

fn told(report: &ContractReport) -> String {
    let mut text = format!(
        "{} ({}) on chain {} at block {}\nminted     {} of {}\nprovenance {}\nbase URI   {}{}\ncontract   {}\nowner      {}",
        report.name,
        report.symbol,
        report.chain_id,
        report.block,
        report.total_supply,
        report.max_supply,
        report.provenance_hash,
        match report.base_uri.as_str() {
            "" => "none yet",
            uri => uri,
        },
        if report.frozen { ", frozen" } else { "" },
        report.contract_uri,
        report.owner
    );
    match report.starting_index {
        Some(index) => {
            let _ = write!(
                text,
                "\nturned by  {index}, drawn from block {}",
                report.reveal_block
            );
        }
        None if report.reveal_block > 0 => {
            let _ = write!(
                text,
                "\nreveal     to be drawn from block {}",
                report.reveal_block
            );
        }
        None => {}
    }
    if let Some(index) = report.bundle_starting_index.filter(|index| *index > 0) {
        let _ = write!(text, "\nturned by  {index}, in the bundle itself");
    }
    for fault in &report.faults {
        let token = fault
            .token
            .map_or_else(String::new, |token| format!("token {token}: "));
        let _ = write!(text, "\n  {token}{}", fault.fault);
    }
    if report.more_faults > 0 {
        let _ = write!(text, "\n  and {} more", report.more_faults);
    }
    if report.approval_hash.is_some() {
        let walked = count(report.walked, "token", "tokens");
        let shown = if report.base_uri.is_empty() {
            "asked; nothing is revealed yet"
        } else {
            "followed to the bytes of their pictures"
        };
        let _ = write!(text, "\n{walked} {shown}.");
    }
    text.push_str(if report.ok {
        "\nAs it should be."
    } else {
        "\nNot as it should be."
    });
    text
}

#[cfg(test)]
mod tests {
    use super::ether;

    #[test]
    fn wei_are_told_in_ether() {
        for (wei, told) in [
            ("0", "0.000000"),
            ("1", "less than 0.000001"),
            ("1570239000000000", "0.001570"),
            ("10000000000000000000000", "10000.000000"),
        ] {
            assert_eq!(ether(wei), told, "{wei} wei");
        }
    }
}
