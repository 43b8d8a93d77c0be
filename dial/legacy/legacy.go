// Package legacy reads the settings by which programs have configured mail servers
// for many years: a host, a port, and a few words or switches about TLS. They mean
// different things in different programs, so [Endpoint] decides only what the words
// say or a registered port settles, says why, and refuses the rest.
//
//	endpoint, why, err := legacy.Endpoint(legacy.Settings{
//		Protocol: policy.Submission, Host: "mail.example.org", Port: 587, TLS: legacy.On,
//	})
package legacy

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Settings are those of a server in an old configuration. What a configuration does
// not have stays zero.
type Settings struct {
	Protocol policy.Protocol // that the program speaks
	Host     string          // may have the port after a colon
	Port     int             // zero is the registered port of the policy
	// Encryption is a word such as "ssl", "tls", "starttls" or "none"; case, blanks
	// and punctuation do not count.
	Encryption string
	TLS        Switch // "tls", "ssl", "use_ssl"
	STARTTLS   Switch // "starttls", "use_tls"
	RequireTLS Switch // "require_tls", "force_tls"
	SkipVerify Switch // "skip_verify", "insecure", "no_check_certificate"
}

// Switch is a setting that a configuration turns on or off, or does not have.
type Switch uint8

const (
	Unset Switch = iota // the configuration does not have it
	On                  // turned on
	Off                 // turned off
)

// Bool returns On for true and Off for false. It is for settings that were in the
// configuration: false that stands for nothing is Unset.
func Bool(b bool) Switch {
	if b {
		return On
	}
	return Off
}

// UnmarshalText reads true, yes, on and 1, false, no, off and 0, and nothing for
// Unset, in any case. On error s is left as it was.
func (s *Switch) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "":
		*s = Unset
	case "true", "yes", "on", "1":
		*s = On
	case "false", "no", "off", "0":
		*s = Off
	default:
		return fmt.Errorf("legacy: %.32q is neither on nor off", text)
	}
	return nil
}

// Endpoint returns the endpoint that the settings mean, and a sentence that says why.
// It never chooses policy.NoTLS or policy.OpportunisticSTARTTLS unless the words say
// so. Settings that contradict each other or mean one thing here and another there
// are an error that says what to write; so is a certificate that must not be checked.
func Endpoint(s Settings) (e dial.Endpoint, why string, err error) {
	host, port, err := s.address()
	if err != nil {
		return dial.Endpoint{}, "", fmt.Errorf("legacy: %w", err)
	}
	if s.SkipVerify == On {
		return dial.Endpoint{}, "", errors.New("legacy: a certificate that is not checked protects from nothing: " +
			"trust the server's CA in TLSConfig.RootCAs, pin its key with dial.Pin, or say InsecureUnverified on the credentials of a test bed")
	}
	pol, why, err := s.policy(port)
	if err != nil {
		return dial.Endpoint{}, "", fmt.Errorf("legacy: %w", err)
	}
	e = dial.Endpoint{Protocol: s.Protocol, Host: host, Port: uint16(port), Policy: pol}
	if port == 0 {
		e.Port = s.Protocol.DefaultPort(pol)
	}
	if err := e.Validate(); err != nil {
		return dial.Endpoint{}, "", fmt.Errorf("legacy: %w", err)
	}
	return e, why, nil
}

// address returns host and port, which may stand together.
func (s Settings) address() (string, int, error) {
	host, port := s.Host, s.Port
	if strings.Contains(host, "@") {
		return "", 0, errors.New("host has an @ in it: credentials belong in Options.Auth")
	}
	if h, p, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.Atoi(p)
		if err != nil || port != 0 && port != n {
			return "", 0, errors.New("the port in Host and the one in Port are not the same number")
		}
		host, port = h, n
	}
	if port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("port %d is not between 1 and 65535", port)
	}
	return host, port, nil
}

// policy decides by what is said, in this order: the word, the switches, the port.
func (s Settings) policy(port int) (policy.Policy, string, error) {
	said, why, err := s.said()
	if err != nil {
		return 0, "", err
	}
	byPort := registered(s.Protocol, port)
	switch {
	case said == 0 && byPort != 0:
		return byPort, fmt.Sprintf("%sport %d is registered for %v", because(why), port, byPort), nil
	case said == 0 && port == 0:
		return policy.ImplicitTLS, because(why) + "no port is given, and the best one is for implicit TLS", nil
	case said == 0:
		return 0, "", fmt.Errorf("%sport %d is not a registered one: say whether TLS begins with the first byte (ssl) or after STARTTLS (starttls)", because(why), port)
	case byPort != 0 && (said == policy.ImplicitTLS) != (byPort == policy.ImplicitTLS):
		return 0, "", fmt.Errorf("%s, and port %d is registered for %v: one of them is wrong", why, port, byPort)
	}
	return said, why, nil
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return why + ", and "
}

// said returns what the word and the switches say, and the zero Policy where they
// leave the choice between implicit TLS and STARTTLS to the port.
func (s Settings) said() (policy.Policy, string, error) {
	byWord, why, err := s.word()
	if err != nil || byWord != 0 {
		if err == nil && byWord == policy.NoTLS && (s.TLS == On || s.STARTTLS == On || s.RequireTLS == On) {
			err = errors.New("the encryption is none, and a switch turns TLS on")
		}
		return byWord, why, err
	}
	switch {
	case s.TLS == Off && s.STARTTLS == Off && s.RequireTLS == On:
		return 0, "", errors.New("TLS is required, and both ways to it are off")
	case s.TLS == Off && s.STARTTLS == Off && why == "":
		return policy.NoTLS, "tls and starttls are both off", nil
	case s.STARTTLS == On && s.RequireTLS == Off:
		return policy.OpportunisticSTARTTLS, "starttls is on and TLS is not required", nil
	case s.STARTTLS == On:
		return policy.RequiredSTARTTLS, "starttls is on", nil
	case s.TLS == On && s.STARTTLS == Off:
		return policy.ImplicitTLS, "tls is on and starttls is off", nil
	case s.TLS == On:
		return 0, "tls is on", nil
	}
	return 0, why, nil
}

// word reads Encryption. The word "tls" means implicit TLS in one program and
// STARTTLS in the next: the port has to say.
func (s Settings) word() (policy.Policy, string, error) {
	word := strings.NewReplacer(" ", "", "-", "", "_", "", "/", "", ".", "").Replace(strings.ToLower(s.Encryption))
	why := fmt.Sprintf("the encryption is %q", s.Encryption)
	switch word {
	case "":
		return 0, "", nil
	case "ssl", "ssltls", "tlsssl", "implicit", "implicittls", "smtps", "imaps", "pop3s", "tlsonconnect", "tlswrapper", "sslv3":
		return policy.ImplicitTLS, why, nil
	case "starttls", "stls", "explicit", "explicittls", "requiredstarttls", "starttlsrequired", "mandatorystarttls", "mandatory", "forcestarttls":
		return policy.RequiredSTARTTLS, why, nil
	case "opportunistic", "opportunisticstarttls", "starttlsifavailable", "iftls", "maytls", "may":
		return policy.OpportunisticSTARTTLS, why, nil
	case "none", "no", "off", "plain", "plaintext", "cleartext", "notls", "unencrypted", "nossl":
		return policy.NoTLS, why, nil
	case "tls", "tlsv1", "tlsv12", "tlsv13", "on", "yes", "true", "auto", "always", "force", "required":
		return 0, why, nil
	}
	return 0, "", fmt.Errorf("the encryption %.32q is not known: write ssl, starttls or none", s.Encryption)
}

// registered returns the policy of a registered port, and the zero Policy for any
// other. A client's mail goes to the ports of both kinds of SMTP.
func registered(p policy.Protocol, port int) policy.Policy {
	others := []policy.Protocol{p}
	if p == policy.Submission || p == policy.SMTP {
		others = []policy.Protocol{policy.Submission, policy.SMTP}
	}
	for _, q := range others {
		for _, pol := range []policy.Policy{policy.ImplicitTLS, policy.RequiredSTARTTLS} {
			if n := int(q.DefaultPort(pol)); n != 0 && n == port {
				return pol
			}
		}
	}
	return 0
}
