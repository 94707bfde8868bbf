using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Server.Admin;

/// <summary>Route metadata: what the OpenAPI document says of it. A test finds routes without it.</summary>
/// <param name="Summary">What it does, in half a sentence.</param>
/// <param name="Status">What a success is answered with.</param>
/// <param name="Answer">The JSON of the answer; null where there is none. Asked for when somebody reads the document: what is known of all these types would cost every start a twentieth.</param>
/// <param name="Query">The parameters that it knows.</param>
internal sealed record RouteDoc(string Summary, int Status, Func<AdminJson, JsonTypeInfo>? Answer, IReadOnlyList<string> Query)
{
    /// <summary>Of the answer.</summary>
    public string MediaType { get; init; } = "application/json";
}

/// <summary>Route metadata: the body that it takes.</summary>
/// <param name="Type">Its JSON; null for text.</param>
internal sealed record TakenBody(Func<AdminJson, JsonTypeInfo>? Type, string MediaType = "application/json");

internal static class RouteDocMetadata
{
    /// <summary>Says what a route answers; without a type, the answer is empty.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder route, string summary, Func<AdminJson, JsonTypeInfo>? answer = null, params IReadOnlyList<string> query)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteDoc(summary, answer is null ? StatusCodes.Status204NoContent : StatusCodes.Status200OK, answer, query));

    /// <summary>Says what stands on each line of a long answer.</summary>
    public static TBuilder AnswersLines<TBuilder>(this TBuilder route, string summary, Func<AdminJson, JsonTypeInfo> line, params IReadOnlyList<string> query)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteDoc(summary, StatusCodes.Status200OK, line, query) { MediaType = "application/jsonl" });

    /// <summary>Says what file a route answers with.</summary>
    public static TBuilder AnswersText<TBuilder>(this TBuilder route, string summary, string mediaType, params IReadOnlyList<string> query)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteDoc(summary, StatusCodes.Status200OK, null, query) { MediaType = mediaType });

    /// <summary>Says what a route makes.</summary>
    public static TBuilder Creates<TBuilder>(this TBuilder route, string summary, Func<AdminJson, JsonTypeInfo> answer)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new RouteDoc(summary, StatusCodes.Status201Created, answer, []));

    /// <summary>Says what body a route takes.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder route, Func<AdminJson, JsonTypeInfo> body)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new TakenBody(body));

    /// <summary>Says what file a route takes.</summary>
    public static TBuilder TakesText<TBuilder>(this TBuilder route, string mediaType)
        where TBuilder : IEndpointConventionBuilder =>
        route.WithMetadata(new TakenBody(null, mediaType));
}
