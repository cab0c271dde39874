"""Terrain comes from a GeoTIFF, resampled bilinearly to the site's cells; what has no height is named; a bad file breaks nothing."""

import subprocess
import sys

import numpy as np
import pytest
import rasterio
from pyproj import Transformer
from rasterio.transform import Affine
from tests.unit.site.plan.planned import BARN, CAMERA, PLOT, problems, site, written

from seamline.site import Grid, SiteError
from seamline.site.plan import terrain, terrain_reader
from seamline.site.plan.local import LocalFrame
from seamline.site.plan.model import Terrain
from seamline.site.plan.terrain import Relief, filled, relief_of

FRAME = LocalFrame("EPSG:32632", (464000.0, 5538000.0), 32632)
GRID = Grid(40, 30, 10.0, 20.0, 0.5)


def tiff(path, heights, *, west=464000.0, north=5538060.0, pixel=2.0, crs="EPSG:32632", transform=None, nodata=None, **more):
    """Write a GeoTIFF; `heights` (rows, columns), the northern row first."""
    profile = {"driver": "GTiff", "height": heights.shape[0], "width": heights.shape[1], "count": 1, "dtype": "float32", **more}
    unit, scale, offset = (profile.pop(key, default) for key, default in (("unit", None), ("scale", None), ("offset", None)))
    with rasterio.open(
        path, "w", crs=crs, transform=transform or Affine(pixel, 0, west, 0, -pixel, north), nodata=nodata, **profile
    ) as file:
        file.write(heights.astype(profile["dtype"]), 1)
        if unit:
            file.units = (unit,)
        if scale:
            file.scales, file.offsets = (scale,), (offset,)
    return path


def plane(rows=40, columns=40, pixel=2.0):
    """A slope: 100 m + 0.1 m a metre to the east + 0.2 m a metre to the north, at the pixels' centres; bilinear gives it back exactly."""
    x = (np.arange(columns) + 0.5) * pixel
    y = 60.0 - (np.arange(rows) + 0.5) * pixel
    return 100.0 + 0.1 * x[np.newaxis, :] + 0.2 * y[:, np.newaxis]


def slope_of(grid):
    xs, ys = grid.centres()
    return 100.0 + 0.1 * xs[np.newaxis, :] + 0.2 * ys[:, np.newaxis]


def here(job):
    """The reader's work in this process, which is spared the second that another takes to start."""
    try:
        with terrain_reader.opened(job["path"]) as raster:
            return terrain_reader.sampled(raster, job)
    except ValueError as error:
        raise SiteError(str(error)) from None


def read(path, grid=GRID, crs=None, ask=here):
    return relief_of(grid, FRAME, Terrain(str(path), crs), path, ask)


def asked(path):
    """By the process that really reads."""
    return read(path, ask=terrain.asked)


def whole(relief):
    return relief.heights + relief.level


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"compress": "lzw", "predictor": 3},
        {"compress": "deflate", "tiled": True, "blockxsize": 16, "blockysize": 16},
        {"BIGTIFF": "YES"},
    ],
)
def test_a_slope_is_read_exactly_to_the_centimetre(tmp_path, more):
    found = read(tiff(tmp_path / "dem.tif", plane(), **more))
    assert np.abs(whole(found) - slope_of(GRID)).max() <= 0.006
    assert found.filled == 0
    assert found.level == np.floor(slope_of(GRID).min())
    assert found.heights.min() >= 0


def test_the_process_that_reads_finds_the_same(tmp_path):
    path = tiff(tmp_path / "dem.tif", plane())
    found = asked(path)
    assert np.array_equal(found.heights, read(path).heights)
    assert found.frame == "WGS 84 / UTM zone 32N"


def test_the_same_file_is_read_once_and_a_changed_one_anew(tmp_path, monkeypatch):
    path = tiff(tmp_path / "dem.tif", plane())
    first = asked(path)
    monkeypatch.setattr(terrain, "SECONDS_MAX", 0.0)  # whoever reads now is not done in time
    assert np.array_equal(asked(path).heights, first.heights)
    tiff(path, plane() + 1)
    with pytest.raises(SiteError, match="was not done with it"):
        asked(path)


def test_between_pixels_it_is_bilinear(tmp_path):
    rng = np.random.default_rng(5)
    heights = rng.uniform(0, 50, (40, 40))
    found = whole(read(tiff(tmp_path / "dem.tif", heights, dtype="float64")))
    xs, ys = GRID.centres()
    for row, column in ((0, 0), (3, 7), (29, 39), (11, 20)):
        across, down = xs[column] / 2.0 - 0.5, (60.0 - ys[row]) / 2.0 - 0.5
        c, r = int(across), int(down)
        u, v = across - c, down - r
        block = heights[r : r + 2, c : c + 2]
        wanted = (block[0, 0] * (1 - u) + block[0, 1] * u) * (1 - v) + (block[1, 0] * (1 - u) + block[1, 1] * u) * v
        assert found[row, column] == pytest.approx(wanted, abs=0.006)


def test_another_frame_is_carried_over(tmp_path):
    lon, lat = Transformer.from_crs("EPSG:32632", "EPSG:4326", always_xy=True).transform(464020.0, 5538025.0)
    step = 1e-5
    columns = np.arange(200)
    heights = np.broadcast_to(columns, (200, 200)).astype(float)
    path = tiff(
        tmp_path / "dem.tif", heights, crs="EPSG:4326", transform=Affine(step, 0, lon - 100 * step, 0, -step, lat + 100 * step)
    )
    found = whole(read(path))
    xs, ys = GRID.centres()
    there = FRAME.degrees(float(xs[10]), float(ys[10]))[0]
    assert found[10, 10] == pytest.approx((there - lon) / step + 99.5, abs=0.02)


def test_a_turned_raster_lies_where_it_says(tmp_path):
    c, s = np.cos(np.radians(30)), np.sin(np.radians(30))
    turned = Affine(c, -s, 464000.0 - 50 * c + 50 * s, s, c, 5538000.0 - 50 * s - 50 * c)
    rows, columns = np.mgrid[0:200, 0:200]
    east, north = (a * (columns + 0.5) + b * (rows + 0.5) + t for a, b, t in (turned[:3], turned[3:6]))
    heights = 100.0 + 0.1 * (east - 464000.0) + 0.2 * (north - 5538000.0)
    found = read(tiff(tmp_path / "dem.tif", heights, transform=turned, dtype="float64"))
    assert np.abs(whole(found) - slope_of(GRID)).max() <= 0.006


@pytest.mark.parametrize(("unit", "factor"), [("m", 1.0), ("metre", 1.0), ("ft", 0.3048), ("US survey foot", 1200 / 3937)])
def test_heights_in_feet_become_metres(tmp_path, unit, factor):
    found = read(tiff(tmp_path / "dem.tif", plane(), unit=unit))
    assert np.abs(whole(found) - slope_of(GRID) * factor).max() <= 0.006


def test_scale_and_offset_are_applied(tmp_path):
    found = read(tiff(tmp_path / "dem.tif", np.full((40, 40), 700), dtype="int16", scale=0.1, offset=30.0))
    assert np.allclose(whole(found), 100.0)


def test_a_few_holes_are_filled_and_told(tmp_path):
    heights = plane(80, 80, 1.0)
    heights[32, 20] = -9999
    found = read(tiff(tmp_path / "dem.tif", heights, pixel=1.0, nodata=-9999))
    assert 0 < found.filled < GRID.columns * GRID.rows // 20
    assert np.isfinite(found.heights).all()
    assert np.abs(whole(found) - slope_of(GRID)).max() < 0.5
    assert found.hole == pytest.approx((20.5, 27.5), abs=1.5)


def test_a_hole_is_filled_from_its_edges(tmp_path):
    raw = np.array([[1.0, np.nan, 3.0], [1.0, np.nan, 3.0], [1.0, np.nan, 3.0]])
    assert filled(raw).tolist() == [[1.0, 2.0, 3.0]] * 3
    assert np.isnan(raw[0, 1])


WRONG = [
    ({"crs": None}, None, "does not say which frame"),
    ({}, "EPSG:25832", "it names its frame itself"),
    ({"west": 500000.0}, None, "no height in 100%"),
    ({"west": 464018.0}, None, "does it cover the site?"),
    ({"unit": "fathom"}, None, "its heights are in 'fathom'"),
    ({"transform": Affine(0, 0, 464000, 0, 0, 5538000)}, None, "no place on the map"),
]


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # one of them has no place on purpose
@pytest.mark.parametrize(("more", "crs", "message"), WRONG)
def test_what_cannot_be_used_is_refused_with_the_reason(tmp_path, more, crs, message):
    with pytest.raises(SiteError, match=message.replace("?", r"\?")):
        read(tiff(tmp_path / "dem.tif", plane(), **more), crs=crs)


def test_a_raster_without_a_frame_takes_the_plans(tmp_path):
    found = read(tiff(tmp_path / "dem.tif", plane(), crs=None), crs="EPSG:25832")
    assert np.abs(whole(found) - slope_of(GRID)).max() <= 0.006


@pytest.mark.parametrize("crs", ["EPSG:1", "moon"])
def test_a_frame_that_there_is_not_is_refused(tmp_path, crs):
    with pytest.raises(SiteError, match="is not known to PROJ"):
        read(tiff(tmp_path / "dem.tif", plane(), crs=None), crs=crs)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "this is no GeoTIFF"),
        (b"<VRTDataset rasterXSize='1' rasterYSize='1'></VRTDataset>", "this is no GeoTIFF"),
        (b"II*\x00" + b"\xff" * 64, "cannot be used as terrain"),
        (b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00", "cannot be used as terrain"),
        (b"MM\x00+" + b"\x00" * 40, "cannot be used as terrain"),
    ],
)
def test_a_file_of_another_kind_or_a_broken_one_is_refused(tmp_path, data, message):
    path = tmp_path / "dem.tif"
    path.write_bytes(data)
    with pytest.raises(SiteError, match=message):
        asked(path)


def test_a_file_cut_short_is_refused(tmp_path):
    path = tiff(tmp_path / "dem.tif", plane(400, 400, 0.2))
    path.write_bytes(path.read_bytes()[:20000])
    with pytest.raises(SiteError, match="cannot be used as terrain"):
        asked(path)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SiteError, match="cannot be read"):
        read(tmp_path / "none.tif")


def test_a_site_of_too_many_cells_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(SiteError, match=r"Enlarge 'grid.cell'"):
        read(tmp_path / "none.tif", Grid(5000, 5000, 0.0, 0.0, 1.0))


def test_a_reader_that_does_not_come_to_its_end_is_let_go(tmp_path, monkeypatch):
    path = tiff(tmp_path / "dem.tif", plane())
    monkeypatch.setattr(terrain, "SECONDS_MAX", 0.0)
    with pytest.raises(SiteError, match=r"was not done with it in 0.0 s"):
        asked(path)


def test_nothing_beside_the_file_is_read(tmp_path):
    path = tiff(tmp_path / "dem.tif", plane(), crs=None)
    (tmp_path / "dem.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:32632</SRS></PAMDataset>", encoding="utf-8")
    with pytest.raises(SiteError, match="does not say which frame"):
        asked(path)


def test_the_reader_answers_a_stranger_with_a_line_and_not_with_a_trace(tmp_path):
    (tmp_path / "dem.tif").write_bytes(b"II*\x00")
    job = '{"path": "%s", "crs": null}' % (tmp_path / "dem.tif")
    done = subprocess.run([sys.executable, "-P", str(terrain.READER), job], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


def test_flat_ground_is_zero_everywhere():
    assert Relief(GRID).at(12.0, 21.0) == 0.0


def test_the_ground_at_a_place_is_bilinear_and_level_beyond_the_edge(tmp_path):
    found = read(tiff(tmp_path / "dem.tif", plane()))
    assert found.at(15.0, 25.0) + found.level == pytest.approx(100 + 1.5 + 5.0, abs=0.01)
    assert found.at(-100.0, 25.0) == found.at(10.25, 25.0)
    one = Relief(Grid(1, 1, 0.0, 0.0, 1.0), np.array([[3.0]]), 0.0)
    assert one.at(5.0, 5.0) == 3.0


def dem_of(found, path, *, hole=False):
    """A slope under the plot of the tests."""
    east, north = found.frame.anchor
    heights = plane(240, 240, 1.0)
    if hole:
        heights[140, 110] = np.nan
    return tiff(path, heights, west=east, north=north + 240.0, pixel=1.0)


def test_a_plan_with_terrain_is_a_site_on_a_slope(tmp_path):
    nodes = f"nodes: {{cam: {CAMERA}}}\n"
    flat = site(tmp_path, nodes)
    dem_of(flat, tmp_path / "dem.tif", hole=True)
    found = site(tmp_path, nodes + "terrain: {path: dem.tif}\n")
    assert found.ground.shape == (found.grid.rows, found.grid.columns)
    _, at = found.nodes["cam"]
    assert at.ground + found.level == pytest.approx(100 + 0.1 * at.x + 0.2 * (at.y - 180.0), abs=0.1)
    (note,) = found.notes
    assert (note.kind, note.where) == ("repaired", "dem.tif")
    assert "no height in" in note.what
    assert found.plan.inputs == ("survey.geojson", "dem.tif")
    (solid,) = found.solids
    assert solid.top_cm / 100 == pytest.approx(6 + found.ground.mean(), abs=6)


def test_terrain_of_another_place_is_a_problem_of_the_plan(tmp_path):
    path = written(tmp_path, "terrain: {path: dem.tif}\n", PLOT, BARN)
    tiff(tmp_path / "dem.tif", plane())
    (found,) = problems(path)
    assert (found.code, found.fix) == ("SP307", "give a GeoTIFF of heights that covers the site")
