using DeviceAcme.Core;
using DeviceAcme.Core.Devices;
using DeviceAcme.Server.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Ledger;

/// <summary>Which devices are asked for.</summary>
internal sealed record DeviceFilter
{
    public DeviceState? State { get; init; }
    public string? Group { get; init; }
    public string? Owner { get; init; }

    /// <summary>The value of one of its identifiers, or its id.</summary>
    public string? Identifier { get; init; }

    /// <summary>A part of its label, owner or one of its identifiers.</summary>
    public string? Text { get; init; }

    public IQueryable<Device> Of(AcmeContext context)
    {
        var rows = context.Devices.AsQueryable();
        rows = State is { } state ? rows.Where(device => device.State == state) : rows;
        rows = Owner is { } owner ? rows.Where(device => device.Owner == owner) : rows;
        if (Group is { } group)
        {
            // the column is a JSON list of names without any character that JSON or LIKE would read otherwise
            var named = $"%\"{group}\"%";
            rows = rows.Where(device => EF.Functions.Like((string)(object)device.Groups, named));
        }

        if (Identifier is { } value)
        {
            var ids = context.DeviceIdentifiers.Where(name => name.Value == value).Select(name => name.Device).Distinct().ToList();
            ids.Add(new DeviceId(value));
            rows = rows.Where(device => ids.Contains(device.Id));
        }

        if (Text is { } text)
        {
            var part = $"%{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";

            // LIKE of SQLite does not tell capitals apart, that of PostgreSQL does
            rows = context.Database.IsNpgsql()
                ? rows.Where(device => EF.Functions.ILike(device.Label!, part, @"\") || EF.Functions.ILike(device.Owner!, part, @"\")
                    || context.DeviceIdentifiers.Any(name => name.Device == device.Id && EF.Functions.ILike(name.Value, part, @"\")))
                : rows.Where(device => EF.Functions.Like(device.Label, part, @"\") || EF.Functions.Like(device.Owner, part, @"\")
                    || context.DeviceIdentifiers.Any(name => name.Device == device.Id && EF.Functions.Like(name.Value, part, @"\")));
        }

        return rows;
    }
}
