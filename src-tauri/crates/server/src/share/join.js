'use strict';
// Hands the invitation over once. It stands behind the #, which browsers never send, and leaves the address at once.
(async () => {
  const word = document.getElementById('word');
  const say = (text) => {
    word.textContent = text;
    word.className = 'wrong';
  };
  const token = window.location.hash.slice(1);
  window.history.replaceState(null, '', '/join');
  if (token === '') {
    say('This link holds no invitation: open the whole link that you were given.');
    return;
  }
  try {
    const answer = await fetch('/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ token }),
    });
    if (answer.ok) {
      window.location.replace('/');
      return;
    }
    if (answer.status === 429) {
      const seconds = Number(answer.headers.get('Retry-After'));
      say(`Too many tries. Open the link again in ${String(Math.ceil(seconds / 60))} min.`);
      return;
    }
    const refusal = await answer.json().catch(() => null);
    if (refusal === null) {
      say('The studio did not let you in.');
    } else {
      const [first, ...rest] = refusal.message;
      say([first.toUpperCase() + rest.join('') + '.', ...refusal.hints].join(' '));
    }
  } catch {
    say('The studio cannot be reached. Ask whether it is still shared, then open the link again.');
  }
})();
