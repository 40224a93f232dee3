// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC165, IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

/// @title One collection of approved pictures.
/// @notice ERC-721 with royalties (ERC-2981), metadata updates (ERC-4906) and collection metadata (ERC-7572).
/// How many tokens there can be, and which pictures in which order, is fixed when it is deployed: `maxSupply` and
/// `provenanceHash` never change. Tokens are numbered from 1, in the order in which they are minted.
/// @dev The owner mints. There is no sale, no proxy and no way to change code.
contract SalonCollection is ERC721, ERC2981, Ownable, IERC4906 {
    using Strings for uint256;

    /// @notice What a collection is deployed with.
    struct Terms {
        string name;
        string symbol;
        /// Where the collection's own metadata is (ERC-7572).
        string contractURI;
        /// What every token shows until there is a base URI.
        string placeholderURI;
        /// SHA-256 of the pictures' SHA-256 hashes: lower-case hexadecimal, one after the other, in the order of the metadata.
        bytes32 provenanceHash;
        uint256 maxSupply;
        address owner;
        address royaltyReceiver;
        /// Hundredths of a per cent.
        uint96 royaltyBasisPoints;
    }

    /// @notice The first token's number.
    uint256 public constant FIRST_TOKEN_ID = 1;
    /// @notice Blocks from the schedule of a reveal to the block whose hash draws the starting index.
    uint256 public constant REVEAL_DELAY = 3;
    /// @dev The EVM knows the hashes of so many blocks before the current one.
    uint256 private constant HASHES_KEPT = 256;

    /// @notice Proves which pictures in which order were approved before the first token was minted.
    bytes32 public immutable provenanceHash;
    /// @notice The most tokens that there can be.
    uint256 public immutable maxSupply;

    /// @notice Tokens minted so far.
    uint256 public totalSupply;
    /// @notice How far the order of the metadata is turned against the order of the tokens: 0 unless it was drawn.
    uint256 public startingIndex;
    /// @notice The block whose hash draws the starting index; 0 when no draw was scheduled.
    uint256 public revealBlock;
    /// @notice Whether the starting index was drawn.
    bool public startingIndexDrawn;
    /// @notice Whether the base URI is final.
    bool public frozen;
    /// @notice Where the metadata folder is, with a slash at its end; empty before the reveal.
    string public baseURI;
    /// @notice What every token shows before the reveal.
    string public placeholderURI;
    /// @notice Where the collection's own metadata is (ERC-7572).
    string public contractURI;

    /// @notice The collection's own metadata changed (ERC-7572).
    event ContractURIUpdated();
    /// @notice The hash of this block will draw the starting index.
    event RevealScheduled(uint256 revealBlock);
    /// @notice The starting index was drawn.
    event StartingIndexDrawn(uint256 startingIndex);
    /// @notice The base URI is final.
    event BaseURIFrozen(string baseURI);

    error SupplyMissing();
    error ProvenanceMissing();
    error NothingToMint();
    error SupplyExceeded(uint256 wanted, uint256 left);
    error BaseURIIsFrozen();
    error BaseURIMissing();
    error BaseURINeedsSlash();
    error AlreadyRevealed();
    error RevealNotScheduled();
    error RevealPending(uint256 revealBlock);
    error RevealTooEarly(uint256 revealBlock, uint256 currentBlock);
    error RevealMissed(uint256 revealBlock, uint256 currentBlock);

    constructor(Terms memory terms) ERC721(terms.name, terms.symbol) Ownable(terms.owner) {
        require(terms.maxSupply > 0, SupplyMissing());
        require(terms.provenanceHash != 0, ProvenanceMissing());
        maxSupply = terms.maxSupply;
        provenanceHash = terms.provenanceHash;
        contractURI = terms.contractURI;
        placeholderURI = terms.placeholderURI;
        if (terms.royaltyBasisPoints > 0) {
            _setDefaultRoyalty(terms.royaltyReceiver, terms.royaltyBasisPoints);
        }
    }

    /// @notice Mints the next `count` tokens to `to`.
    /// @dev `to` is not asked whether it can handle tokens: the owner names a wallet, and no foreign code runs in between.
    function mintBatch(address to, uint256 count) external onlyOwner {
        uint256 minted = totalSupply;
        uint256 left = maxSupply - minted;
        require(count > 0, NothingToMint());
        require(count <= left, SupplyExceeded(count, left));
        totalSupply = minted + count;
        for (uint256 index = 0; index < count; ++index) {
            _mint(to, FIRST_TOKEN_ID + minted + index);
        }
    }

    /// @notice Says where the metadata folder is. Until it is frozen the owner can say it anew.
    /// @dev With a draw scheduled, only after it: the order must not depend on what the owner knows.
    function setBaseURI(string calldata newBaseURI) external onlyOwner {
        require(!frozen, BaseURIIsFrozen());
        require(revealBlock == 0 || startingIndexDrawn, RevealPending(revealBlock));
        bytes calldata uri = bytes(newBaseURI);
        require(uri.length > 0, BaseURIMissing());
        require(uri[uri.length - 1] == "/", BaseURINeedsSlash());
        baseURI = newBaseURI;
        _metadataUpdated();
    }

    /// @notice Makes the base URI final, for ever.
    function freeze() external onlyOwner {
        require(!frozen, BaseURIIsFrozen());
        require(bytes(baseURI).length > 0, BaseURIMissing());
        frozen = true;
        emit BaseURIFrozen(baseURI);
    }

    /// @notice Fixes the block whose hash will draw the starting index; again only when that block's hash was let pass.
    function scheduleReveal() external onlyOwner {
        require(bytes(baseURI).length == 0 && !startingIndexDrawn, AlreadyRevealed());
        require(revealBlock == 0 || block.number > revealBlock + HASHES_KEPT, RevealPending(revealBlock));
        revealBlock = block.number + REVEAL_DELAY;
        emit RevealScheduled(revealBlock);
    }

    /// @notice Draws the starting index from the hash of the block that was fixed. Anybody may call it, so that an owner cannot
    /// let a draw pass unseen.
    function drawStartingIndex() external {
        require(revealBlock != 0, RevealNotScheduled());
        require(!startingIndexDrawn, AlreadyRevealed());
        require(block.number > revealBlock, RevealTooEarly(revealBlock, block.number));
        bytes32 drawn = blockhash(revealBlock);
        require(drawn != 0, RevealMissed(revealBlock, block.number));
        startingIndex = uint256(drawn) % maxSupply;
        startingIndexDrawn = true;
        emit StartingIndexDrawn(startingIndex);
    }

    /// @notice Says where the collection's own metadata is.
    function setContractURI(string calldata newContractURI) external onlyOwner {
        contractURI = newContractURI;
        emit ContractURIUpdated();
    }

    /// @notice Changes what every token shows before the reveal.
    function setPlaceholderURI(string calldata newPlaceholderURI) external onlyOwner {
        require(bytes(baseURI).length == 0, AlreadyRevealed());
        placeholderURI = newPlaceholderURI;
        _metadataUpdated();
    }

    /// @notice Changes who gets royalties and how much, in hundredths of a per cent; 0 ends them.
    function setRoyalty(address receiver, uint96 basisPoints) external onlyOwner {
        if (basisPoints > 0) {
            _setDefaultRoyalty(receiver, basisPoints);
        } else {
            _deleteDefaultRoyalty();
        }
    }

    /// @notice The token's metadata: the base URI and the number of its document, which is the token's own number unless a
    /// starting index was drawn.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        if (bytes(baseURI).length == 0) {
            return placeholderURI;
        }
        uint256 document = (tokenId - FIRST_TOKEN_ID + startingIndex) % maxSupply + FIRST_TOKEN_ID;
        return string.concat(baseURI, document.toString());
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, ERC2981, IERC165) returns (bool) {
        // ERC-4906 consists of events, so its identifier cannot be computed.
        return interfaceId == bytes4(0x49064906) || super.supportsInterface(interfaceId);
    }

    function _metadataUpdated() private {
        if (totalSupply > 0) {
            emit BatchMetadataUpdate(FIRST_TOKEN_ID, totalSupply);
        }
    }
}
