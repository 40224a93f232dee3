//! The contract's interface, as `solidity/SalonCollection.sol` has it. A test holds it against the ABI that ships.
#![allow(
    missing_docs,
    clippy::all,
    clippy::pedantic,
    reason = "expanded by a macro; the source is documented"
)]

alloy_sol_types::sol! {
    contract SalonCollection {
        struct Terms {
            string name;
            string symbol;
            string contractURI;
            string placeholderURI;
            bytes32 provenanceHash;
            uint256 maxSupply;
            address owner;
            address royaltyReceiver;
            uint96 royaltyBasisPoints;
        }

        constructor(Terms memory terms);

        function mintBatch(address to, uint256 count) external;
        function setBaseURI(string calldata newBaseURI) external;
        function freeze() external;
        function scheduleReveal() external;
        function drawStartingIndex() external;
        function setContractURI(string calldata newContractURI) external;
        function setPlaceholderURI(string calldata newPlaceholderURI) external;
        function setRoyalty(address receiver, uint96 basisPoints) external;

        function name() external view returns (string memory);
        function symbol() external view returns (string memory);
        function owner() external view returns (address);
        function maxSupply() external view returns (uint256);
        function totalSupply() external view returns (uint256);
        function provenanceHash() external view returns (bytes32);
        function baseURI() external view returns (string memory);
        function placeholderURI() external view returns (string memory);
        function contractURI() external view returns (string memory);
        function frozen() external view returns (bool);
        function revealBlock() external view returns (uint256);
        function startingIndex() external view returns (uint256);
        function startingIndexDrawn() external view returns (bool);
        function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address receiver, uint256 amount);
        function supportsInterface(bytes4 interfaceId) external view returns (bool);
        function tokenURI(uint256 tokenId) external view returns (string memory);

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
        error OwnableUnauthorizedAccount(address account);
        error OwnableInvalidOwner(address owner);
        error ERC721NonexistentToken(uint256 tokenId);
        error ERC721InvalidReceiver(address receiver);
        error ERC2981InvalidDefaultRoyalty(uint256 numerator, uint256 denominator);
        error ERC2981InvalidDefaultRoyaltyReceiver(address receiver);
    }
}
