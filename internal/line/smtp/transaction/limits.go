package transaction

import (
	"strconv"
	"strings"

	"github.com/mailconn/mailconn/internal/wire"
)

// Limits are what a server lists in LIMITS (RFC 9422); 0 is no limit.
type Limits struct {
	Messages   int // MAILMAX
	Recipients int // RCPTMAX
	Domains    int // RCPTDOMAINMAX
}

// LimitsOf reads LIMITS in a list of extensions. What is unknown or malformed is
// ignored, as the RFC wants.
func LimitsOf(extensions []string) (l Limits) {
	list, _ := wire.Params(extensions, "LIMITS")
	for _, word := range wire.Words(list) {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.ParseUint(value, 10, 20) // up to six digits
		if err != nil || value[0] == '0' || len(value) > 6 {
			continue
		}
		switch wire.Upper(name) {
		case "MAILMAX":
			l.Messages = int(n)
		case "RCPTMAX":
			l.Recipients = int(n)
		case "RCPTDOMAINMAX":
			l.Domains = int(n)
		}
	}
	return l
}
