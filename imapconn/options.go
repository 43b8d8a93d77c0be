package imapconn

import (
	"mime"
	"time"

	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/session"
	"github.com/mailconn/mailconn/policy"
)

// Options says how a session begins. nil means the zero Options. They are read
// when a call begins and must not be changed while it runs.
type Options struct {
	// Dialer makes the connection; nil means a zero one. Only Dial uses it.
	Dialer *dial.Dialer

	// Auth are the credentials; nil means that the session begins without a login.
	Auth auth.Credentials

	// ReplyTimeout is how long the answer to a command may be in coming, and how long
	// a write may stall. It begins anew with each answer that completes a command, with
	// each message of a FETCH or STORE, and with every 16 KiB of a body; whatever else
	// the server says does not extend it. It does not run while IDLE is under way. It is
	// also how long a handler, or an answer that the program does not read, may keep the
	// session waiting. Zero means 5 minutes, negative no limit.
	ReplyTimeout time.Duration

	// Bounds limit what the server can make the session hold. The zero Bounds are fit
	// for mailboxes of a million messages.
	Bounds Bounds

	// Compress asks the server, after the login, to compress what both sides say
	// (COMPRESS=DEFLATE, RFC 4978): lists of messages and texts take a fraction of the
	// bytes. A server that does not list it, or refuses, goes on without;
	// [Client.Compressed] tells. It is asked for inside TLS, or with policy.NoTLS.
	//
	// It is off by default because the length of compressed data tells of its content: an
	// attacker who sees how long the TLS records are, and can have text of his own in one
	// stream with a secret text, as every sender of mail to the user can, may guess the
	// secret piece by piece. Passwords are not in the stream. A compressed session holds
	// 80 KiB more, and 800 KiB more from its first long APPEND on. The Dialer's Transcript
	// counts what is compressed and does not show it.
	Compress bool

	// Notice is called with what the server says that no command returns: alerts, BYE,
	// and data that was left out or mended. Before the session begins these are the
	// alerts that come inside TLS. Calls do not overlap. They come from another
	// goroutine than the session's reader, which does not wait for them: if more than
	// 1,024 notices wait, others are dropped, and a notice says how many. A Notice that
	// panics ends the session. nil means that notices are dropped.
	Notice func(Notice)

	// UnilateralDataHandler is that of imapclient.Options. At most 64 calls of its Fetch
	// are under way at once. A handler that does not return within ReplyTimeout, or that
	// panics, ends the session, as it holds up its reader.
	UnilateralDataHandler *imapclient.UnilateralDataHandler

	// WordDecoder decodes encoded words (RFC 2047) in envelopes: in subjects and in the
	// names of addresses. nil, or one without a CharsetReader, knows UTF-8, US-ASCII and
	// ISO-8859-1: a text with a word in any other charset stays as the server sent it,
	// "=?windows-1252?q?J=F6rg?=". Package github.com/emersion/go-message/charset knows
	// the others:
	//
	//	WordDecoder: &mime.WordDecoder{CharsetReader: charset.Reader}
	WordDecoder *mime.WordDecoder
}

// start says how a session with these options starts.
func (o *Options) start() session.Start[*Client, Options] {
	opts := Options{}
	if o != nil {
		opts = *o
	}
	return session.Start[*Client, Options]{
		Package: "imapconn",
		Speaks:  []policy.Protocol{policy.IMAP},
		Dialer:  opts.Dialer,
		Auth:    opts.Auth,
		Invalid: opts.Bounds.check(),
		Options: opts,
		Begin:   begin,
	}
}
