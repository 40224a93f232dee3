import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';

const hostOnly = 'Only src/host may touch the desktop shell or a socket.';

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/api/generated.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: { ...globals.browser } },
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      // TypeScript resolves names, and knows more than this rule does.
      'no-undef': 'off',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Taking fields out is how an object is copied without them.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser } },
  },
  {
    files: ['src/**'],
    ignores: ['src/host/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [{ group: ['@tauri-apps/*'], message: hostOnly }] }],
      'no-restricted-globals': [
        'error',
        { name: 'WebSocket', message: hostOnly },
        { name: 'fetch', message: hostOnly },
      ],
    },
  },
  {
    files: ['src/shared/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                '../api/*',
                '../recipe/*',
                '../grid/*',
                '../keys/*',
                '../loupe/*',
                '../approve/*',
                '../export/*',
                '../queue/*',
                '../mask/*',
                '../models/*',
                '../more/*',
                '../saved/*',
                '../survey/*',
                '../duel/*',
                '../board/*',
                '../jury/*',
                '../judge/*',
                '../traits/*',
              ],
              message: 'shared/ knows no domain word.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['*.config.{js,ts}'],
    languageOptions: { globals: { ...globals.node } },
  },
);
