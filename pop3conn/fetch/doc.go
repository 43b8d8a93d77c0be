// Package fetch keeps track of a POP3 mailbox from session to session: it
// retrieves what is new and deletes what was stored, at once, after some days,
// or never.
//
//	seen, err := fetch.OpenFile("seen")
//	...
//	result, err := fetch.Mail(ctx, client, &fetch.Options{Seen: seen}, store)
//	...
//	err = client.Quit(ctx) // deletes what was marked
//
// A message counts as stored once the caller's function has read it to its end
// and returned nil, and the Seen has taken note of it; nothing else is ever
// deleted. Whatever is interrupted, and wherever, no message is lost. A message
// that was stored and not yet noted when the program was killed is offered
// again: a function that must not store it twice goes by its Key.
package fetch
