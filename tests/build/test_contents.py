"""What a build writes beside its database, and what it does not."""

import pyarrow as pa
import pyarrow.dataset as ds
import pytest

from sandbox.build.contents import _write_truth
from sandbox.build.generation import Drawn
from sandbox.build.tables import write_parquet

pytestmark = pytest.mark.heavy

TRUE, SHOWN = pa.table({"id": [1, 2], "age": [7, 8]}), pa.table({"id": [1, 2], "age": [7, None]})


@pytest.mark.parametrize(("shown", "kept"), [(SHOWN, ["people.parquet"]), (TRUE, [])])
def test_the_full_table_is_kept_where_readers_see_another(tmp_path, shown, kept):
    """Where chance planted nothing, the same bytes are published already."""
    write_parquet(shown, tmp_path / "people.parquet")
    drawn = Drawn({"people": ds.dataset(TRUE)}, {"people": ds.dataset(shown)}, {}, fresh=True)
    _write_truth(tmp_path / "truth", drawn, tmp_path)
    assert [path.name for path in (tmp_path / "truth" / "full").iterdir()] == kept
