/** Whether everybody on the way to an address could read what goes there: plain HTTP to another machine than this. */
export function goesInTheClear(address: string): boolean {
  if (!URL.canParse(address.trim())) {
    return false;
  }
  const { protocol, hostname } = new URL(address.trim());
  // As the studio has it: it decides, this only says when its user is to be asked.
  const here = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;
  return protocol === 'http:' && !here.test(hostname);
}
