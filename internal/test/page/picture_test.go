package page

import (
	"bytes"
	"flag"
	"image"
	"image/color/palette"
	"image/draw"
	"image/png"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update", false, "draw the picture of README.md anew")

// The picture of README.md.
const (
	pictureFile   = "../../../examples/check/page.png"
	pictureWidth  = 760
	pictureHeight = 640
	pictureBytes  = 60_000
)

// TestPicture keeps the picture of README.md small. With -update it is drawn anew.
func TestPicture(t *testing.T) {
	if *update {
		draws(t)
	}
	text, err := os.ReadFile(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	config, err := png.DecodeConfig(bytes.NewReader(text))
	if err != nil || config.Width != pictureWidth || config.Height != pictureHeight || len(text) > pictureBytes {
		t.Errorf("%d bytes, %d by %d pixels, %v", len(text), config.Width, config.Height, err)
	}
}

// draws has the browser draw the beginning of the demo's page, in few colours.
func draws(t *testing.T) {
	t.Helper()
	b := open(t, demo(t))
	do(t, b, chromedp.EmulateViewport(pictureWidth, pictureHeight))
	seen, err := png.Decode(bytes.NewReader(do(t, b, chromedp.CaptureScreenshot())))
	if err != nil {
		t.Fatal(err)
	}
	few := image.NewPaletted(seen.Bounds(), palette.WebSafe)
	draw.Draw(few, few.Bounds(), seen, seen.Bounds().Min, draw.Src)
	f, err := os.Create(pictureFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(f, few); err != nil {
		t.Fatal(err)
	}
}
