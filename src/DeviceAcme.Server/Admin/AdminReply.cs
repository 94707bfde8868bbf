using System.Text.Json.Serialization.Metadata;

namespace DeviceAcme.Server.Admin;

/// <summary>How the admin listener answers.</summary>
internal static class AdminReply
{
    public static Task Write<T>(HttpContext context, int status, T value, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        // a MAC key is told once, to one reader; evidence is nobody else's either
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);
    }
}
