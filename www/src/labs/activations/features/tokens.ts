// Tokens as they are shown.

/** A token that is nothing but space is still seen. */
export function visible(token: string): string {
  return token.trim() === '' ? '␣' : token;
}

/** A token without the space before it, and that space: it stands between two tokens and is of neither's colour. */
export function parted(token: string): { space: string; text: string } {
  const text = token.trimStart();
  return text === '' || token === text ? { space: '', text: token } : { space: ' ', text };
}

/** A token within a text, whose line breaks are seen and break the line. */
export function broken(token: string): string {
  return token.includes('\n') ? token.replaceAll('\n', '↵\n') : visible(token);
}
