package storetest_test

import (
	"context"
	"fmt"

	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/peers/storetest"
)

// Call TestStore in a test of your own store, with an empty store.
func ExampleTestStore() {
	fmt.Println(storetest.TestStore(context.Background(), new(memstore.Store)))
	// Output: <nil>
}
