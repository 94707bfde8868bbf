using System.Globalization;

namespace DeviceAcme.Core.Devices;

/// <summary>What an inventory of somebody else last said of a device.</summary>
/// <param name="Source">Its name.</param>
/// <param name="Listed">Whether it lists the device.</param>
/// <param name="Age">How long ago it last answered: the ledger goes on with the last known answer.</param>
internal sealed record InventoryStanding(string Source, bool Listed, TimeSpan Age)
{
    public override string ToString() => $"the inventory {Source} {(Listed ? "lists it" : "does not list it any more")}, as of {Words} ago";

    private string Words => Age switch
    {
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{Age.TotalSeconds:0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{Age.TotalMinutes:0} min"),
        { TotalDays: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{Age.TotalHours:0} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Age.TotalDays:0} days"),
    };
}
