package imapconn

// Notice is something that a server says unasked and that no command returns.
// Its texts are printable and at most 512 bytes long.
type Notice struct {
	// Alert is the text of an ALERT, which must be shown to the user (RFC 9051
	// §7.1). It is empty in other notices.
	Alert string
}
