//! `lore_endpoint`, `set_lore_endpoint`: the one machine that may be asked for lore. Off until somebody turns it on.

use salon_lore::endpoint::{Dialect, Endpoint, Prices, find_key, forget_key, keep_key};
use serde::{Deserialize, Serialize};

use crate::Studio;
use crate::api::{
    ApiError, ErrorCode, LoreDialect, LoreEndpoint, LoreEndpointStatus, Nothing, SetLoreEndpoint,
};
use crate::studio::Inner;

/// Key of the endpoint, as JSON. The endpoint's own key is never among it.
const ENDPOINT: &str = "lore.endpoint";
/// Millionths of a currency.
const MILLION: f64 = 1e6;
/// Highest price and cap.
const MOST: f64 = 1e6;

/// What is kept of an endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) on: bool,
    pub(crate) endpoint: Endpoint,
    /// What may be spent in this project, in millionths.
    pub(crate) cap: u64,
}

impl From<Dialect> for LoreDialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::OpenAi => Self::OpenAi,
            Dialect::Anthropic => Self::Anthropic,
        }
    }
}

impl From<LoreDialect> for Dialect {
    fn from(dialect: LoreDialect) -> Self {
        match dialect {
            LoreDialect::OpenAi => Self::OpenAi,
            LoreDialect::Anthropic => Self::Anthropic,
        }
    }
}

fn amount(millionths: u64) -> f64 {
    millionths as f64 / MILLION
}

fn millionths(amount: f64, of: &str) -> Result<u64, ApiError> {
    if (0.0..=MOST).contains(&amount) {
        return Ok((amount * MILLION).round() as u64);
    }
    Err(ApiError::invalid_request(format!(
        "{of} of {amount} cannot be: give a number from 0 to {MOST}"
    )))
}

impl Inner {
    fn kept_endpoint(&self) -> Result<Option<Kept>, ApiError> {
        let Some(json) = self.project.setting(ENDPOINT)? else {
            return Ok(None);
        };
        let kept = serde_json::from_str(&json)
            .map_err(|fault| ApiError::internal(format!("the endpoint's settings are damaged: {fault}")))?;
        Ok(Some(kept))
    }

    /// The endpoint and its key, when it may be asked.
    pub(crate) fn open_endpoint(&self) -> Result<(Kept, Option<String>), ApiError> {
        match self.kept_endpoint()? {
            Some(kept) if kept.on => {
                let key = find_key(&kept.endpoint.host()?);
                Ok((kept, key))
            }
            _ => Err(ApiError::new(
                ErrorCode::InvalidRequest,
                "no endpoint is turned on: nothing leaves this machine",
                &["Set one up and turn it on, or write with the grammar or a model of this machine."],
            )),
        }
    }
}

impl Studio {
    /// The endpoint of this project, and what was spent on it.
    pub fn lore_endpoint(&self, _: Nothing) -> Result<LoreEndpointStatus, ApiError> {
        let spent = amount(self.inner.project.lore_spent()?);
        let Some(kept) = self.inner.kept_endpoint()? else {
            return Ok(LoreEndpointStatus {
                endpoint: None,
                spent,
                has_key: false,
                stays_here: false,
            });
        };
        let endpoint = &kept.endpoint;
        Ok(LoreEndpointStatus {
            has_key: find_key(&endpoint.host()?).is_some(),
            stays_here: endpoint.is_local(),
            spent,
            endpoint: Some(LoreEndpoint {
                on: kept.on,
                dialect: endpoint.dialect.into(),
                base: endpoint.base.clone(),
                model: endpoint.model.clone(),
                input_price: amount(endpoint.prices.input),
                output_price: amount(endpoint.prices.output),
                cap: amount(kept.cap),
            }),
        })
    }

    /// Sets the endpoint, and its key where one is given: an empty one is forgotten. Nothing is asked by that.
    pub fn set_lore_endpoint(&self, request: SetLoreEndpoint) -> Result<LoreEndpointStatus, ApiError> {
        let settings = request.endpoint;
        let kept = Kept {
            on: settings.on,
            endpoint: Endpoint {
                dialect: settings.dialect.into(),
                base: settings.base.trim().to_owned(),
                model: settings.model.trim().to_owned(),
                prices: Prices {
                    input: millionths(settings.input_price, "a price")?,
                    output: millionths(settings.output_price, "a price")?,
                },
            },
            cap: millionths(settings.cap, "a cap")?,
        };
        kept.endpoint.check()?;
        let json = serde_json::to_string(&kept).map_err(|fault| ApiError::internal(fault.to_string()))?;
        let host = kept.endpoint.host()?;
        match request.key.as_deref().map(str::trim) {
            None => {}
            Some("") => forget_key(&host)?,
            Some(key) => keep_key(&host, key)?,
        }
        self.inner.project.set_setting(ENDPOINT, &json)?;
        self.lore_endpoint(Nothing {})
    }
}
