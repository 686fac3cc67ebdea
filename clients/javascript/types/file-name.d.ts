/**
 * Makes the name of a file from the other peer safe to show and to save.
 *
 * Names in every script are kept, with their marks, joiners, symbols and emoji. Only dangerous parts are removed.
 * The command line follows the same rules: `clients/file-names.json` lists names and the safe names they become.
 */
/** @param {string} offered */
export declare function safeFileName(offered: string): string;
