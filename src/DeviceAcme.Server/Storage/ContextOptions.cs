using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// Options of contexts. For options that differ in anything but their connection, the way of tracking included, EF Core keeps services and compiled
/// queries of their own: the writer's are not those of readers, because sharing them cost a fifth of an enrollment's processor time (docs/decisions.md, 122).
/// </summary>
internal static class ContextOptions
{
    /// <summary>To read with: nothing is followed.</summary>
    public static DbContextOptions<AcmeContext> For(IDatabase database, DbConnection? connection) => For(options => database.Use(options, connection));

    /// <summary>To read with.</summary>
    public static DbContextOptions<AcmeContext> For(Action<DbContextOptionsBuilder> use)
    {
        var options = new DbContextOptionsBuilder<AcmeContext>().UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
        use(options);
        return options.Options;
    }

    /// <summary>For the writer: what it reads is followed.</summary>
    public static DbContextOptions<AcmeContext> ForWriter(IDatabase database, DbConnection connection)
    {
        var options = new DbContextOptionsBuilder<AcmeContext>();
        database.Use(options, connection);
        return options.Options;
    }

    /// <summary>Builds the model that the first reader would else wait for; nothing of the database is opened.</summary>
    public static void BuildModel(IDatabase database)
    {
        using var context = new AcmeContext(For(database, null));
        _ = context.Model;
    }
}
