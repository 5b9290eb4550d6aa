/** Where things listen. Portal and bot are told by PORT and BOT_PORT. */
export const PORTS = { portal: 3000, bot: 3002, postgres: 5432, queue: 6379 } as const;
