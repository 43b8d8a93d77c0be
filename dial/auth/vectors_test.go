package auth_test

import (
	"testing"

	"github.com/emersion/go-sasl"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
)

// The exchanges that the RFCs print.
func TestSCRAMVectors(t *testing.T) {
	for _, v := range []struct{ rfc, mechanism, nonce, first, challenge, final, proof string }{
		{"5802 §5", "SCRAM-SHA-1", "fyko+d2lbbFgONRv9qkxdawL",
			"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
			"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
			"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
			"v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
		{"7677 §3", "SCRAM-SHA-256", "rOprNGfwEbeRWgbNEkqO",
			"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
			"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
			"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
			"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
	} {
		c, complete := auth.SCRAM(v.mechanism, "user", "pencil", v.nonce)
		wantIR(t, c, v.mechanism, v.first)
		if got, err := c.Next([]byte(v.challenge)); err != nil || string(got) != v.final {
			t.Errorf("RFC %s: %q, %v", v.rfc, got, err)
		}
		if complete() == nil {
			t.Errorf("RFC %s: complete without a signature", v.rfc)
		}
		if got, err := c.Next([]byte(v.proof)); err != nil || got == nil || len(got) > 0 || complete() != nil {
			t.Errorf("RFC %s: %q, %v, %v", v.rfc, got, err, complete())
		}
	}
}

func wantIR(t *testing.T, c sasl.Client, mechanism, want string) {
	t.Helper()
	m, ir, err := c.Start()
	if err != nil || m != mechanism || string(ir) != want {
		t.Errorf("%s: %q, %v; want %q", m, ir, err, want)
	}
}

func TestOtherVectors(t *testing.T) {
	// RFC 2195 §2
	c := auth.CRAMMD5("tim", "tanstaaftanstaaf")
	if got, err := c.Next([]byte("<1896.697170952@postoffice.reston.mci.net>")); err != nil || string(got) != "tim b913a602c7eda7a495b4e6e7334d3890" {
		t.Errorf("CRAM-MD5: %q, %v", got, err)
	}
	// RFC 1939 §7
	apop := &stamper{transport{answers: []auth.Answer{yes}}, "POP3 server ready <1896.697170952@dbc.mtview.ca.us>"}
	_, err := authenticate(t, apop, auth.Password{User: "mrose", Secret: auth.NewSecret("tanstaaf"), Mechanisms: []string{"APOP"}})
	if err != nil || apop.log[0] != "apop mrose c4c9334bac560ecc979e58001b3e22fb" {
		t.Errorf("APOP: %q, %v", apop.log, err)
	}
	// RFC 4616 §4
	on := &transport{list: []string{"PLAIN"}, answers: []auth.Answer{yes}}
	_, err = authenticate(t, on, auth.Password{User: "tim", Secret: auth.NewSecret("tanstaaftanstaaf")})
	if err != nil || on.log[0] != "start PLAIN \x00tim\x00tanstaaftanstaaf" {
		t.Errorf("PLAIN: %q, %v", on.log, err)
	}
	// RFC 7628 §4.1
	e := dial.Endpoint{Host: "server.example.com", Port: 143}
	wantIR(t, auth.Bearer("OAUTHBEARER", "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", e), "OAUTHBEARER",
		"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01")
	// RFC 5801 §4: the name is escaped
	wantIR(t, auth.Bearer("OAUTHBEARER", "a=b,c", "t", dial.Endpoint{Host: "::1", Port: 993}), "OAUTHBEARER",
		"n,a=a=3Db=2Cc,\x01host=[::1]\x01port=993\x01auth=Bearer t\x01\x01")
}

// The name and the password of SCRAM are prepared by SASLprep.
func TestSASLprep(t *testing.T) {
	c, _ := auth.SCRAM("SCRAM-SHA-256", "a=b,\u00aa", "p", "n")
	wantIR(t, c, "SCRAM-SHA-256", "n,,n=a=3Db=2Ca,r=n")
	on := &transport{list: []string{"SCRAM-SHA-256", "PLAIN"}}
	if _, err := authenticate(t, on, auth.Password{User: "u", Secret: auth.NewSecret(canary + "\a")}); err == nil || len(on.log) > 0 {
		t.Errorf("SCRAM that cannot be prepared slid to %q, %v", on.log, err)
	}
}
