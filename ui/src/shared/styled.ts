/**
 * Resolves once the stylesheets apply. A module script may run before them, and everything measured until then is wrong:
 * an unstyled wall is as tall as all its pictures together.
 */
export function styled(): Promise<void> {
  const applies = () => getComputedStyle(document.documentElement).getPropertyValue('--wall') !== '';
  if (applies()) {
    return Promise.resolve();
  }
  return new Promise((resolve) => {
    const look = () => {
      if (applies()) {
        document.removeEventListener('load', look, true);
        window.clearInterval(timer);
        resolve();
      }
    };
    // `load` of a <link> does not bubble, but it can be captured; the timer is for engines that apply sheets later still.
    document.addEventListener('load', look, true);
    const timer = window.setInterval(look, 30);
  });
}
