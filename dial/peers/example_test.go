package peers_test

import (
	"fmt"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// Merge keeps the highest TLS version, and the time of the later session.
func ExampleRecord_Merge() {
	monday := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	known := peers.Record{Version: 0x0304, FirstSeen: monday, LastSeen: monday}
	seen := peers.Record{Version: 0x0303, FirstSeen: monday.AddDate(0, 0, 1), LastSeen: monday.AddDate(0, 0, 1)}
	merged := known.Merge(seen)
	fmt.Printf("%#04x, last seen on %v\n", merged.Version, merged.LastSeen.Weekday())
	// Output: 0x0304, last seen on Tuesday
}
