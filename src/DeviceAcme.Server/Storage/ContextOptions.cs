using System.Data.Common;
using Microsoft.EntityFrameworkCore;

namespace DeviceAcme.Server.Storage;

/// <summary>
/// Options of contexts, which differ in their connection alone: for options that differ in anything else, the way of tracking included, EF Core builds the
/// model once more and keeps it, and what it compiled of queries, beside the first. Half a second of a start, and its memory, went there.
/// </summary>
internal static class ContextOptions
{
    public static DbContextOptions<AcmeContext> For(IDatabase database, DbConnection? connection) => For(options => database.Use(options, connection));

    public static DbContextOptions<AcmeContext> For(Action<DbContextOptionsBuilder> use)
    {
        var options = new DbContextOptionsBuilder<AcmeContext>().UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
        use(options);
        return options.Options;
    }

    /// <summary>Builds the model that the first context would else wait for; nothing of the database is opened.</summary>
    public static void BuildModel(IDatabase database)
    {
        using var context = new AcmeContext(For(database, null));
        _ = context.Model;
    }
}
