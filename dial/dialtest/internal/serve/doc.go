// Package serve is what test servers of all protocols have in common: listening,
// connections and the record of their bytes, a session's lines, TLS and logins,
// and the rules by which a server misbehaves.
package serve
