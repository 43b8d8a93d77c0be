package findings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/internal/progress"
	"github.com/mailconn/mailconn/policy"
)

// because returns a test for the reason why the strongest policy got no connection.
func because(reason report.Reason) func(*report.Endpoint, int) bool {
	return func(e *report.Endpoint, _ int) bool { return e.Main().Reason == reason }
}

// refusedIn returns a test for a refusal in a phase.
func refusedIn(phase dial.Phase) func(*report.Endpoint, int) bool {
	return func(e *report.Endpoint, _ int) bool {
		return e.Main().Reason == report.Refused && e.Main().Phase == phase
	}
}

func protected(e *report.Endpoint) bool { return e.Main().Result == report.Protected }

// showing are the ways to log in that let anyone on the way read the password, or use the
// token.
func showing() []string { return []string{"PLAIN", "LOGIN", "USER", "XOAUTH2", "OAUTHBEARER"} }

// shown returns the ways to log in without TLS that show the password.
func shown(e *report.Endpoint) (ways []string) {
	if e.Clear == nil {
		return nil
	}
	for _, m := range e.Clear.Mechanisms {
		if slices.Contains(showing(), m) {
			ways = append(ways, m)
		}
	}
	return ways
}

func clearLogin(e *report.Endpoint, _ int) bool { return len(shown(e)) > 0 }

// hiddenSTARTTLS reports whether the upgrade is done when it is demanded, and not listed.
func hiddenSTARTTLS(e *report.Endpoint, _ int) bool {
	return e.STARTTLS != nil && e.STARTTLS.Works && !e.STARTTLS.Offered
}

func oldTLSOnly(e *report.Endpoint, _ int) bool {
	return e.OldTLS.Any() && because(report.Handshake)(e, 0)
}

func expires(e *report.Endpoint, days int) bool {
	return protected(e) && e.TLS != nil && !e.TLS.GoodUntil.IsZero() && e.TLS.DaysLeft < days
}

func noHandshake(e *report.Endpoint, _ int) bool {
	return because(report.Handshake)(e, 0) && !e.OldTLS.Any()
}

// end returns when the certificate, or another of its chain, expires or has expired.
func end(e *report.Endpoint) (until time.Time, daysLeft int) {
	if e.TLS != nil {
		return e.TLS.GoodUntil, e.TLS.DaysLeft
	}
	c := e.Chain[0]
	if c.DaysLeft >= 0 {
		c = slices.MinFunc(e.Chain, func(a, b report.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	}
	return c.NotAfter, c.DaysLeft
}

// begin returns when the last certificate of the chain becomes valid.
func begin(e *report.Endpoint) time.Time {
	return slices.MaxFunc(e.Chain, func(a, b report.Certificate) int { return a.NotBefore.Compare(b.NotBefore) }).NotBefore
}

// facts returns the facts for the sentences of a row.
func facts(e *report.Endpoint) []string {
	o := e.Main()
	fill := []string{
		"{host}", e.URL.Host, "{port}", strconv.Itoa(int(port(e))), "{protocol}", spoken(e),
		"{starttls}", starttls(e), "{clear}", strings.Join(shown(e), ", "), "{old}", old(e.OldTLS),
		"{phase}", string(o.Phase), "{error}", o.Error, "{hint}", o.Hint,
		"{advice}", cmp.Or(o.Hint, "Operator of the server: look at the log."),
	}
	if l := e.Login; l != nil {
		fill = append(fill, "{user}", l.User, "{login}", l.Error, "{loginhint}", cmp.Or(l.Hint, "You: check user and password."), "{unbound}", l.Unbound)
	}
	if len(e.Chain) > 0 {
		leaf, last := e.Chain[0], e.Chain[len(e.Chain)-1]
		until, left := end(e)
		fill = append(fill, "{names}", names(leaf), "{subject}", leaf.Subject, "{issuer}", leaf.Issuer,
			"{root}", last.Issuer, "{keyhash}", leaf.KeyHash, "{from}", begin(e).Format(time.DateOnly),
			"{until}", until.Format(time.DateOnly), "{days}", progress.Count(left, "day"))
	}
	return fill
}

func port(e *report.Endpoint) uint16 {
	return cmp.Or(e.URL.Port, e.URL.Protocol.DefaultPort(e.URL.Policy))
}

// starttls returns the endpoint of the same server for STARTTLS, on its usual port.
func starttls(e *report.Endpoint) string {
	other := e.URL
	other.Policy, other.Port = policy.RequiredSTARTTLS, 0
	return other.String()
}

func old(o *report.OldTLS) string {
	var versions []string
	if o != nil && o.TLS10 {
		versions = append(versions, "TLS 1.0")
	}
	if o != nil && o.TLS11 {
		versions = append(versions, "TLS 1.1")
	}
	return strings.Join(versions, " and ")
}

// names returns the first names of a certificate; there may be a hundred.
func names(c report.Certificate) string {
	const most = 4
	if len(c.Names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(c.Names[:most], ", "), len(c.Names)-most)
	}
	return strings.Join(c.Names, ", ")
}
