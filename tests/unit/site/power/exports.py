"""Files as PVGIS writes them, made up here: headers, tabs and endings as in its versions 5.0 to 5.3, the numbers our own."""

from __future__ import annotations

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
BERLIN = (1.2, 2.1, 3.3, 4.5, 4.7, 4.8, 4.8, 4.5, 3.9, 2.6, 1.4, 0.9)
"""A day's irradiation on a steep southern plane, kWh/m2, by month: the order of what Berlin gets."""


def system(planes=BERLIN, *, tilt=60, azimuth=0, old=False):
    """A system's monthly yield (PVcalc)."""
    names = ("Ed", "Em", "Hd", "Hm", "SDm") if old else ("E_d", "E_m", "H(i)_d", "H(i)_m", "SD_m")
    head = (
        "Latitude (decimal degrees):\t52.500\r\nLongitude (decimal degrees):\t13.400\r\nRadiation database:\tPVGIS-SARAH2\r\n"
        "Nominal power of the PV system (c-Si) (kWp):\t1.0\r\nSystem losses(%):\t14.0\r\n"
        f"Fixed slope of modules (deg.) (optimum):\t{tilt}\r\nOrientation (azimuth) of modules (deg.):\t{azimuth}\r\n\r\n"
        "Fixed angle\r\nMonth\t\t" + "\t\t".join(names) + "\r\n"
    )
    rows = [
        f"{at}\t\t{day * 0.8:.2f}\t\t{day * DAYS[at - 1] * 0.8:.2f}\t\t{day}\t\t{day * DAYS[at - 1]:.4f}\t\t5.1\r\n"
        for at, day in enumerate(planes, 1)
    ]
    tail = (
        "Year\t\t2.6\t\t79.1\t\t3.2\t\t97.3\t\t40.2\r\n\t\tAOI loss (%)\t\tSpectral effects (%)\t\tCombined losses (%)\r\n"
        "Fixed angle:\t\t-2.9\t\t1.6\t\t-20.1\r\n\r\nE_d: Average daily energy production from the given system (kWh/d)\r\n\r\n\r\n"
        "PVGIS (c) European Union, 2001-2024\r\n"
    )
    return head + "".join(rows) + tail


def radiation(years=(2019, 2020), planes=BERLIN, *, temperature=True):
    """Monthly irradiation of years (MRcalc): level and chosen plane, air temperature."""
    columns = ["year", "month", "H(h)_m", "H(i)_m", *(["T2m"] if temperature else [])]
    lines = [
        "Latitude (decimal degrees):\t52.500",
        "Longitude (decimal degrees):\t13.400",
        "Radiation database:\tPVGIS-SARAH3",
        "",
        "\t\t".join(columns),
    ]
    for step, year in enumerate(years):
        for at, name in enumerate(MONTHS):
            plane = planes[at] * DAYS[at] * (1 + 0.1 * step)
            cells = [
                str(year),
                name,
                f"{plane * 0.6:.4f}",
                f"{plane:.4f}",
                *([f"{10 - 10 * abs(at - 6) / 6:.1f}"] if temperature else []),
            ]
            lines.append("\t\t".join(cells))
    lines += ["", "H(h)_m: Irradiation on horizontal plane (kWh/m2/mo)", "", "PVGIS (c) European Union, 2001-2024"]
    return "\n".join(lines) + "\n"


def hourly(year=2016, *, tilt=60, azimuth=0, parts=True, watts=False, peak=400.0, air=5.0):
    """A year of hours (seriescalc): light from 9 to 15, as much as `peak`, by beam, diffuse and reflected light or as a sum."""
    columns = [
        "time",
        *(["P"] if watts else []),
        *(["Gb(i)", "Gd(i)", "Gr(i)"] if parts else ["G(i)"]),
        "H_sun",
        "T2m",
        "WS10m",
        "Int",
    ]
    lines = [
        "Latitude (decimal degrees):\t52.500",
        "Longitude (decimal degrees):\t13.400",
        "Elevation (m):\t34",
        "Radiation database:\tPVGIS-SARAH",
        "",
        "",
        f"Slope: {tilt} deg. ",
        f"Azimuth: {azimuth} deg. ",
        ",".join(columns),
    ]
    for month, days in enumerate(DAYS, 1):
        for day in range(1, days + 1):
            for hour in range(24):
                light = peak if 9 <= hour <= 15 else 0.0
                irradiance = [light * 0.7, light * 0.25, light * 0.05] if parts else [light]
                cells = [*([light * 0.8] if watts else []), *irradiance, 20.0 if light else 0.0, air, 2.5, 0.0]
                lines.append(f"{year}{month:02d}{day:02d}:{hour:02d}10," + ",".join(str(cell) for cell in cells))
    lines += ["", "Gb(i): Beam (direct) irradiance on the inclined plane (W/m2)", "", "", "PVGIS (c) European Union, 2001-2021"]
    return "\n".join(lines)


def typical_year(peak=300.0):
    """A typical meteorological year (tmy): level irradiance, each month of another year."""
    lines = [
        "Latitude (decimal degrees): 52.500",
        "Longitude (decimal degrees): 13.400",
        "Elevation (m): 34.0",
        "month,year",
        *(f"{month},{2005 + month * 5 % 12}" for month in range(1, 13)),
        "time(UTC),T2m,RH,G(h),Gb(n),Gd(h),IR(h),WS10m,WD10m,SP",
    ]
    for month, days in enumerate(DAYS, 1):
        for day in range(1, days + 1):
            for hour in range(24):
                light = peak if 9 <= hour <= 14 else 0.0
                lines.append(
                    f"{2005 + month * 5 % 12}{month:02d}{day:02d}:{hour:02d}00,8.0,80.0,{light},{light},{light / 2},300.0,3.0,240.0,101000.0"
                )
    return "\n".join([*lines, "T2m: 2-m air temperature (degree Celsius)", "PVGIS (c) European Union, 2001-2024"])
