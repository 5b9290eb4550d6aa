/** How long the one-time link in a mail works after the mail was asked for; the mail's text says so too. */
export const TOKEN_LIFETIME_MINUTES = { CONFIRM_ADDRESS: 24 * 60, RESET_PASSWORD: 30 } as const;
