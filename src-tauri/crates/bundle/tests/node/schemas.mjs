// What is published about the JSON files of collections, as JSON Schemas. None forbids keys of one's own.
import Ajv from 'ajv'

const text = { type: 'string' }
const trait = {
  type: 'object',
  required: ['trait_type', 'value'],
  properties: { trait_type: text, value: { type: ['string', 'number'] } }
}
/** Attributes as OpenSea reads them (docs.opensea.io, Metadata Standards). */
const attributes = { type: 'array', items: trait }
const files = { type: 'array', minItems: 1, items: { type: 'object', required: ['uri', 'type'], properties: { uri: text, type: text } } }

const SCHEMAS = {
  // EIP-721, ERC721 Metadata JSON Schema.
  erc721: { type: 'object', required: ['name', 'image'], properties: { name: text, description: text, image: text, attributes } },
  // EIP-1155, ERC-1155 Metadata URI JSON Schema.
  erc1155: {
    type: 'object',
    required: ['name', 'image'],
    properties: { name: text, description: text, image: text, decimals: { type: 'integer' }, properties: { type: 'object' }, attributes }
  },
  // ERC-7572, Schema for contractURI.
  contract: {
    type: 'object',
    required: ['name'],
    properties: {
      name: text,
      symbol: text,
      description: text,
      image: text,
      banner_image: text,
      featured_image: text,
      external_link: text,
      collaborators: { type: 'array', items: text }
    }
  },
  // Metaplex, Sugar's validation (its src/validate/format.rs): values of traits are text.
  sugar: {
    type: 'object',
    required: ['name', 'description', 'image', 'properties'],
    properties: {
      name: { type: 'string', maxLength: 32 },
      symbol: { type: 'string', maxLength: 10 },
      description: text,
      image: { type: 'string', maxLength: 200 },
      seller_fee_basis_points: { type: 'integer', minimum: 0, maximum: 10_000 },
      attributes: { type: 'array', items: { ...trait, properties: { trait_type: text, value: text } } },
      properties: {
        type: 'object',
        required: ['files'],
        properties: {
          files,
          category: { enum: ['image', 'video', 'audio', 'vr', 'html'] },
          creators: {
            type: 'array',
            items: {
              type: 'object',
              required: ['address', 'share'],
              properties: {
                address: { type: 'string', pattern: '^[1-9A-HJ-NP-Za-km-z]{32,44}$' },
                share: { type: 'integer', minimum: 0, maximum: 100 }
              }
            }
          }
        }
      }
    }
  },
  // Metaplex Core's JSON schema (developers.metaplex.com, Core): creators and royalties are on the chain.
  core: {
    type: 'object',
    required: ['name', 'description', 'image', 'category'],
    properties: {
      name: text,
      description: text,
      image: text,
      category: { enum: ['image', 'video', 'audio', 'vr', 'html', 'document', 'unknown'] },
      attributes,
      properties: { type: 'object', properties: { files } }
    }
  },
  // HashLips' art engine, what its _metadata.json holds of every edition.
  hashlips: {
    type: 'array',
    items: {
      type: 'object',
      required: ['name', 'description', 'image', 'dna', 'edition', 'date', 'attributes', 'compiler'],
      properties: {
        name: text,
        description: text,
        image: text,
        dna: { type: 'string', pattern: '^[0-9a-f]{40}$' },
        edition: { type: 'integer', minimum: 1 },
        date: { type: 'integer' },
        attributes,
        compiler: text
      }
    }
  },
  // Arweave's path manifests (ArweaveTeam/arweave, docs/path-manifest-schema.md).
  manifest: {
    type: 'object',
    required: ['manifest', 'version', 'paths'],
    properties: {
      manifest: { const: 'arweave/paths' },
      version: { enum: ['0.1.0', '0.2.0'] },
      index: { type: 'object', required: ['path'], properties: { path: text } },
      paths: {
        type: 'object',
        additionalProperties: { type: 'object', required: ['id'], properties: { id: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' } } }
      }
    }
  }
}

/** Throws unless `document` is what the schema of that name says. */
export function check (name, document) {
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })
  if (!ajv.validate(SCHEMAS[name], document)) {
    throw new Error(`not as published (${name}): ${ajv.errorsText()}`)
  }
}
