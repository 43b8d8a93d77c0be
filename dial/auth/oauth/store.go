package oauth

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/mailconn/mailconn/internal/wire"
)

// Store keeps the tokens of accounts. [FileStore] keeps them in files, [MemoryStore]
// until the program ends. A Store of a program's own may encrypt them, or use the
// system's keychain or a database. Several goroutines call its methods at the same time.
//
// A key names an account: issuer, client id and user, divided by blanks. It is no
// secret. The values are: a program that has one can read and send the user's mail.
type Store interface {
	// Load returns the value of key, and nil if there is none. It does not wait for
	// Update.
	Load(ctx context.Context, key string) ([]byte, error)
	// Update calls change with the value of key, nil if there is none, and saves what
	// it returns; nil removes the value. If change returns an error, the value stays
	// and Update returns that error.
	//
	// Update returns nil only when the new value is on disk. While change runs, which
	// may take as long as a request to an issuer, no other Update of this key runs,
	// in this program or in another: an issuer may accept a refresh token only once.
	// Update waits for another until ctx ends.
	Update(ctx context.Context, key string, change func(old []byte) ([]byte, error)) error
}

// MemoryStore is a [Store] in memory: a person has to sign in again whenever the program
// was ended. The zero MemoryStore is empty and ready to use. It must not be copied.
type MemoryStore struct {
	mu    sync.Mutex
	items map[string]*memoryItem
}

type memoryItem struct {
	updating chan struct{} // holds an element while Update runs
	value    []byte        // guarded by MemoryStore.mu
}

var _ Store = (*MemoryStore)(nil)

// Format writes no more than what s is, whatever the verb: it holds tokens.
func (s *MemoryStore) Format(f fmt.State, _ rune) { io.WriteString(f, "oauth.MemoryStore") }

func (s *MemoryStore) item(key string) *memoryItem {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.items == nil {
		s.items = map[string]*memoryItem{}
	}
	item := s.items[key]
	if item == nil {
		item = &memoryItem{updating: make(chan struct{}, 1)}
		s.items[key] = item
	}
	return item
}

// Load returns the value of key, and nil if there is none.
func (s *MemoryStore) Load(_ context.Context, key string) ([]byte, error) {
	item := s.item(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	return item.value, nil
}

// Update replaces the value of key by what change returns for it.
func (s *MemoryStore) Update(ctx context.Context, key string, change func(old []byte) ([]byte, error)) error {
	if ctx == nil {
		return errNilContext
	}
	item := s.item(key)
	select {
	case item.updating <- struct{}{}:
		defer func() { <-item.updating }()
	case <-ctx.Done():
		return wire.ContextError(ctx)
	}
	old, _ := s.Load(ctx, key)
	value, err := change(old)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	item.value = value
	return nil
}
