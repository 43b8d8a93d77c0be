// Package oauth gets access tokens of OAuth 2.0 for mail accounts whose provider takes no
// passwords from programs. A person signs in once, in a browser or on another device; from
// then on a refresh token, kept in a [Store], brings new access tokens.
//
// It is a module of its own, so that programs without OAuth do not need
// golang.org/x/oauth2. A program that was given a refresh token, as by an administrator,
// needs neither a sign-in nor this package: an [auth.SourceFunc] that asks an
// oauth2.TokenSource is enough.
//
// # Use
//
// A program is registered with each provider in advance, and has an [App] for each. An
// [Account] is one user's account with one of them, and an auth.Source: give it to
// auth.Token as its Secret.
//
//	store, err := oauth.NewFileStore(filepath.Join(config, "tokens"))
//	...
//	account, err := oauth.NewAccount("https://login.example.com", "joe@example.com", oauth.Config{
//		Apps:  []oauth.App{{Issuer: "https://login.example.com", ClientID: "…", Scopes: []string{"mail", "offline_access"}}},
//		Store: store,
//	})
//	...
//	c, err := imapconn.Dial(ctx, endpoint, &imapconn.Options{Auth: auth.Token{User: account.User(), Secret: account}})
//	var consent *oauth.ConsentError
//	if errors.As(err, &consent) {
//		_, err = account.Browser(ctx, openBrowser) // or account.Device; then dial again
//	}
//
// # What is guaranteed
//
// An issuer is one that the program is registered with. Its metadata are used only if they
// name exactly this issuer (RFC 8414 §3.3), and all of its endpoints are https. An issuer
// that was discovered with an address only selects among the Apps ([ErrNoClient]). No request
// follows a redirect, and nothing that a mail server says leads to a request.
//
// The browser is redirected to a loopback address with a port that is open for one answer
// (RFC 8252). The answer is accepted only with the state that was sent (RFC 6749 §10.12) and
// from the issuer that was asked (RFC 9207), and its code is bound to this call by PKCE
// (RFC 7636). For a sign-in on another device the issuer is asked no more often than it
// permits (RFC 8628 §3.5).
//
// A new token is saved and synced before it is used. However many sessions and programs
// share a Store, one of them refreshes and the others use what it saved. A program that is
// killed loses a token that the issuer has sent and that was not written yet. If the issuer
// does not accept the old refresh token any more, that is a [*ConsentError].
//
// No error, and no text of a value of this package, has a token, code or client secret in
// it, except what a Store or a Transport of the program's own puts into its errors.
//
// # Errors
//
// [*ConsentError] means that the person has to sign in again. An [*Error] says what the
// issuer or the store did; its Kind tells what to do about it, and Temporary whether time
// helps. In the login of a session they are in the chain of its *dial.Error, whose
// Temporary and Hint ask them.
package oauth
