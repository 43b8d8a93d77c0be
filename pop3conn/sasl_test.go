package pop3conn_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/pop3conn"
)

func b64(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// login begins a session in the clear with credentials, against a script.
func login(t *testing.T, creds auth.Credentials, script ...string) (*pop3conn.Client, error) {
	return begin(play(t, script...), &pop3conn.Options{Auth: sessions.InClear(creds)})
}

// fixed is a SASL client of one initial response, nil for none, that answers
// every challenge with its echo.
type fixed struct{ ir []byte }

func (f fixed) Start() (string, []byte, error)        { return "X-TEST", f.ir, nil }
func (f fixed) Next(challenge []byte) ([]byte, error) { return challenge, nil }

func fixedSASL(ir []byte) auth.Credentials {
	return auth.SASL{Start: func() (sasl.Client, error) { return fixed{ir}, nil }}
}

func TestLogins(t *testing.T) {
	plain := b64("\x00user\x00" + canary)
	blank := auth.Password{User: "a b", Secret: auth.NewSecret(" p  w ")}
	umlaut := auth.Password{User: "ü", Secret: auth.NewSecret("p")}
	challenge := strings.Repeat("c", 9<<10)
	external := auth.SASL{Start: func() (sasl.Client, error) { return sasl.NewExternalClient(""), nil }}
	for name, tt := range map[string]struct {
		creds     auth.Credentials
		script    []string
		mechanism string
	}{
		"PLAIN":     {password(), with(hello("SASL LOGIN plain", "USER"), "C: AUTH PLAIN "+plain, "S: +OK"), "PLAIN"},
		"LOGIN":     {password(), with(hello("SASL LOGIN"), "C: AUTH LOGIN", "S: + "+b64("User:"), "C: "+b64("user"), "S: + ", "C: "+b64(canary), "S: +OK"), "LOGIN"},
		"bare plus": {password(), with(hello("SASL LOGIN"), "C: AUTH LOGIN", "S: +", "C: "+b64("user"), "S: +", "C: "+b64(canary), "S: +OK"), "LOGIN"},
		"USER":      {password(), with(hello("user"), "C: USER user", "S: +OK", "C: PASS "+canary, "S: +OK"), "USER/PASS"},
		"no CAPA":   {password(), with(old(), "C: USER user", "S: +OK", "C: PASS "+canary, "S: +OK"), "USER/PASS"},
		"blanks":    {blank, with(old(), "C: USER a b", "S: +OK", "C: PASS  p  w ", "S: +OK"), "USER/PASS"},
		"UTF8 USER": {umlaut, with(hello("USER", "UTF8 user"), "C: USER ü", "S: +OK", "C: PASS p", "S: +OK"), "USER/PASS"},
		"EXTERNAL":  {external, with(hello("SASL EXTERNAL"), "C: AUTH EXTERNAL =", "S: +OK"), "EXTERNAL"},
		"prompts":   {password(), with(hello("SASL LOGIN"), "C: AUTH LOGIN", "S: + a=b=", "C: "+b64("user"), "S: + Password please!", "C: "+b64(canary), "S: +OK"), "LOGIN"},
		"no IR":     {password(), with(hello("SASL PLAIN"), "C: AUTH PLAIN "+plain, "S: + go ahead", "C: "+plain, "S: +OK"), "PLAIN"},
		"unlisted":  {password(), with(hello("UIDL", "TOP"), "C: USER user", "S: +OK", "C: PASS "+canary, "S: +OK"), "USER/PASS"},
		"bare SASL": {password(), with(hello("SASL"), "C: USER user", "S: +OK", "C: PASS "+canary, "S: +OK"), "USER/PASS"},
		"empty":     {password(), with(hello(), "C: USER user", "S: +OK", "C: PASS "+canary, "S: +OK"), "USER/PASS"},
		"none":      {fixedSASL(nil), with(hello("SASL X-TEST"), "C: AUTH X-TEST", "S: + "+b64("x"), "C: "+b64("x"), "S: +OK"), "X-TEST"},
		"12 KiB":    {fixedSASL(nil), with(hello("SASL X-TEST"), "C: AUTH X-TEST", "S: + "+b64(challenge), "C: "+b64(challenge), "S: +OK"), "X-TEST"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := login(t, tt.creds, tt.script...)
			if err != nil || c.Security().Login.Mechanism != tt.mechanism {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestInitialResponseLength looks at the edge: 255 octets, CRLF included, and
// not one more (RFC 5034 §4).
func TestInitialResponseLength(t *testing.T) {
	for n := 8; n < 16; n++ {
		name, ir := strings.Repeat("M", n), []byte(strings.Repeat("x", 177)) // 236 in base64
		whole := "AUTH " + name + " " + b64(string(ir))
		want := []string{"C: AUTH " + name, "S: +", "C: " + b64(string(ir)), "S: +OK"}
		if len(whole)+2 <= 255 {
			want = []string{"C: " + whole, "S: +OK"}
		}
		creds := auth.SASL{Start: func() (sasl.Client, error) { return named{name, ir}, nil }}
		if _, err := login(t, creds, with(hello("SASL "+name), want...)...); err != nil {
			t.Errorf("%d octets: %v", len(whole)+2, err)
		}
	}
}

type named struct {
	name string
	ir   []byte
}

func (n named) Start() (string, []byte, error) { return n.name, n.ir, nil }
func (n named) Next([]byte) ([]byte, error)    { return nil, errors.New("unexpected") }

func TestFailedLogins(t *testing.T) {
	long := auth.Password{User: strings.Repeat("u", 249), Secret: auth.NewSecret("p")}
	umlaut := auth.Password{User: "u", Secret: auth.NewSecret("ü")}
	cram := auth.Password{User: "user", Secret: auth.NewSecret(canary), Mechanisms: []string{"CRAM-MD5"}}
	start := with(hello("SASL CRAM-MD5"), "C: AUTH CRAM-MD5")
	external := auth.SASL{Start: func() (sasl.Client, error) { return sasl.NewExternalClient(""), nil }}
	for name, tt := range map[string]struct {
		creds  auth.Credentials
		script []string
		kind   auth.Kind
	}{
		"EXTERNAL":      {external, old(), auth.KindMechanism},
		"no USER":       {password(), hello("SASL SCRAM-SHA-1"), auth.KindMechanism},
		"no slide":      {password(), with(hello("SASL PLAIN LOGIN", "USER"), "C: AUTH PLAIN "+b64("\x00user\x00"+canary), "S: -ERR no"), auth.KindCredentials},
		"USER refused":  {password(), with(old(), "C: USER user", "S: -ERR no"), auth.KindRefused},
		"long":          {long, old(), auth.KindMechanism},
		"not ASCII":     {umlaut, hello("USER", "UTF8"), auth.KindMechanism},
		"bad base64":    {cram, with(start, "S: + a=b=", "C: *", "S: -ERR cancelled"), auth.KindProtocol},
		"text":          {cram, with(start, "S: + text!", "C: *", "S: -ERR cancelled"), auth.KindProtocol},
		"loose padding": {cram, with(start, "S: + YQ", "C: *", "S: -ERR cancelled"), auth.KindProtocol},
		"loose bits":    {cram, with(start, "S: + YR==", "C: *", "S: -ERR cancelled"), auth.KindProtocol},
		"plus OK":       {cram, with(start, "S: + OK", "C: *", "S: -ERR cancelled"), auth.KindProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := login(t, tt.creds, tt.script...)
			var e *auth.Error
			var where *dial.Error
			if !errors.As(err, &where) || where.Phase != dial.PhaseAuth || !errors.As(err, &e) || e.Kind != tt.kind {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestKinds(t *testing.T) {
	codes, both := []string{"RESP-CODES"}, []string{"RESP-CODES", "AUTH-RESP-CODE"}
	for _, tt := range []struct {
		caps  []string
		reply string
		kind  auth.Kind
	}{
		{both, "[AUTH] no", auth.KindCredentials},
		{both, "[auth/expired] no", auth.KindCredentials},
		{both, "[AUTH] authenticating: authentication failure", auth.KindCredentials},
		{both, "[AUTH] authenticating: bad protocol / cancel", auth.KindRefused},
		{both, "[IN-USE] no", auth.KindInUse},
		{both, "[LOGIN-DELAY] no", auth.KindLimit},
		{both, "[SYS/TEMP] no", auth.KindTemporary},
		{both, "[SYS/TEMP/DISK] no", auth.KindTemporary},
		{both, "[SYS/PERM] no", auth.KindRefused},
		{both, "[SYS/NEW] no", auth.KindRefused},
		{both, "no", auth.KindRefused},
		{both, "[X] no", auth.KindRefused},
		{both, "no [AUTH]", auth.KindRefused},
		{[]string{"AUTH-RESP-CODE"}, "[SYS/PERM] no", auth.KindRefused},
		{codes, "[SYS/PERM] no", auth.KindRefused},
		{codes, "[AUTH] no", auth.KindCredentials},
		{codes, "[AUTHENTIC] no", auth.KindCredentials},
		{codes, "no", auth.KindCredentials},
		{nil, "no", auth.KindCredentials},
		{nil, "[SYS/PERM] no", auth.KindRefused}, // free text where no codes are announced, and its words are known
		{nil, "[SYS/TEMP] no", auth.KindTemporary},
		{nil, "[IN-USE] no", auth.KindInUse},
	} {
		for _, sasl := range []bool{true, false} {
			script := with(hello(with(tt.caps, "USER")...), "C: USER user", "S: +OK", "C: PASS "+canary, "S: -ERR "+tt.reply)
			if sasl {
				script = with(hello(with(tt.caps, "SASL PLAIN")...), "C: AUTH PLAIN "+b64("\x00user\x00"+canary), "S: -ERR "+tt.reply)
			}
			_, err := login(t, password(), script...)
			var e *auth.Error
			var where *dial.Error
			if !errors.As(err, &e) || e.Kind != tt.kind || e.Reply != "-ERR "+tt.reply {
				t.Errorf("%v %q: %v", tt.caps, tt.reply, err)
				continue
			}
			patience := tt.kind == auth.KindInUse || tt.kind == auth.KindTemporary || tt.kind == auth.KindLimit
			if !errors.As(err, &where) || where.Temporary() != patience {
				t.Errorf("%q: Temporary() is %v", tt.reply, !patience)
			}
		}
	}
}

// TestOutOfStep: answers that are not of the exchange, some of which repeat the
// secret. None of them gets into the error.
func TestOutOfStep(t *testing.T) {
	auth1 := "C: AUTH PLAIN " + b64("\x00user\x00"+canary)
	echo := b64("\x00user\x00" + canary)
	for name, tt := range map[string]struct {
		script []string
		reason error
	}{
		"garbage":           {with(hello("SASL PLAIN"), auth1, "S: hello "+echo), policy.ErrMalformed},
		"plus garbage":      {with(hello("SASL PLAIN"), auth1, "S: +"+echo), policy.ErrMalformed},
		"NUL":               {with(hello("SASL PLAIN"), auth1, "S: -ERR "+canary+"\x00"), policy.ErrMalformed},
		"endless":           {with(hello("SASL PLAIN"), auth1, "S: "+strings.Repeat(echo, 1000)), policy.ErrLimit},
		"challenge to USER": {with(old(), "C: USER user", "S: + "), policy.ErrMalformed},
		"challenge to PASS": {with(old(), "C: USER user", "S: +OK", "C: PASS "+canary, "S: + "+canary), policy.ErrMalformed},
		"garbage to PASS":   {with(old(), "C: USER user", "S: +OK", "C: PASS "+canary, "S: "+canary), policy.ErrMalformed},
		"ahead of PASS":     {with(old(), "C: USER user", "R: +OK\r\n+OK "+canary+"\r\n"), policy.ErrInjected},
		"behind the login":  {with(hello("SASL PLAIN"), auth1, "R: +OK\r\n+OK\r\n"), policy.ErrInjected},
		"half a line":       {with(hello("SASL PLAIN"), auth1, "R: -ERR "+canary, "CLOSE"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := login(t, password(), tt.script...)
			var where *dial.Error
			if !errors.As(err, &where) || where.Phase != dial.PhaseAuth || tt.reason != nil && !errors.Is(err, tt.reason) {
				t.Fatalf("%v", err)
			}
			if all := fmt.Sprintf("%v %+v", err, err); strings.Contains(all, canary) || strings.Contains(all, echo[:12]) {
				t.Errorf("secret in %q", all)
			}
		})
	}
}
