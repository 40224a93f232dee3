/** Wei in one ether. */
const ETHER = 10n ** 18n;

/** An amount of wei in words, to a millionth of an ether: "0.004712 ether". What is less says so. */
export function ether(wei: string): string {
  const amount = BigInt(wei);
  const millionths = (amount * 1_000_000n + ETHER / 2n) / ETHER;
  if (millionths === 0n) {
    return amount === 0n ? '0 ether' : 'less than a millionth of an ether';
  }
  const [whole, rest] = [millionths / 1_000_000n, millionths % 1_000_000n];
  const decimals = rest.toString().padStart(6, '0').replace(/0+$/, '');
  return `${whole.toString()}${decimals === '' ? '' : `.${decimals}`} ether`;
}
