using Microsoft.AspNetCore.Connections;

namespace DeviceAcme.Server.Hosting;

/// <summary>Which of the server's listeners a connection came in on.</summary>
internal enum Listener
{
    Acme,
    Status,
    Admin,
}

/// <summary>Put on each connection when it is accepted, so that no header can say otherwise.</summary>
internal sealed record ListenerFeature(Listener Listener);

/// <summary>Each path belongs to exactly one listener; on the others it does not exist.</summary>
internal static class ListenerPaths
{
    /// <summary>The one table of first path segments.</summary>
    public static IReadOnlyDictionary<string, Listener> ByFirstSegment { get; } = new Dictionary<string, Listener>(StringComparer.Ordinal)
    {
        ["acme"] = Listener.Acme,
        ["directory"] = Listener.Acme,
        ["tpm"] = Listener.Acme,
        ["crl"] = Listener.Status,
        ["ca"] = Listener.Status,
        ["admin"] = Listener.Admin,
    };

    public static bool Belongs(PathString path, Listener listener)
    {
        var segments = path.Value!.Split('/', 3);
        return segments.Length > 1 && ByFirstSegment.TryGetValue(segments[1], out var owner) && owner == listener;
    }

    /// <summary>The listener of a request; a test host without sockets has only the ACME one.</summary>
    public static Listener ListenerOf(HttpContext context) => context.Features.Get<ListenerFeature>()?.Listener ?? Listener.Acme;

    /// <summary>Marks every connection of an endpoint with its listener.</summary>
    public static void Mark(this IConnectionBuilder connections, Listener listener)
    {
        var feature = new ListenerFeature(listener);
        connections.Use(next => connection =>
        {
            connection.Features.Set(feature);
            return next(connection);
        });
    }
}
