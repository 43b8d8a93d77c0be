package storetest_test

import (
	"context"
	"fmt"

	"github.com/mailconn/mailconn/dial/peers/memstore"
	"github.com/mailconn/mailconn/dial/peers/storetest"
)

// A test of a store of your own is this call, on an empty store.
func ExampleTestStore() {
	fmt.Println(storetest.TestStore(context.Background(), new(memstore.Store)))
	// Output: <nil>
}
